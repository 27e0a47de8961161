/** Style sheets are imported for their effect only; Vite makes one file of them for each page. */
declare module '*.scss';
