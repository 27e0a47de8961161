/**
 * What a hostile page would try, each as a function that resolves with `done` when the attack worked, else with how it was
 * stopped. They run as the page's own code, not as the debugger's, for which the policy makes exceptions.
 */
const violations = [];
document.addEventListener('securitypolicyviolation', (event) => violations.push(event.effectiveDirective));

/** Runs something and waits a little for what it sets off. */
const attempt = (run) =>
  new Promise((resolve) => {
    setTimeout(async () => {
      try {
        resolve((await run()) === false ? 'nothing happened' : 'done');
      } catch (error) {
        resolve(`stopped: ${error.name}`);
      }
    });
  });

const loaded = (element, source) =>
  new Promise((resolve, reject) => {
    element.addEventListener('load', () => resolve(true));
    element.addEventListener('error', () => reject(new DOMException('did not load', 'LoadError')));
    setTimeout(() => reject(new DOMException('never loaded', 'LoadError')), 2000);
    element.src = source;
    document.body.append(element);
  });

window.attacks = {
  violations: () => violations,
  eval: () => attempt(() => eval('1 + 1')),
  newFunction: () => attempt(() => new Function('return 1')()),
  timerText: () =>
    attempt(() => {
      setTimeout('window.timerTextRan = true', 0);
      return new Promise((resolve) => setTimeout(() => resolve(window.timerTextRan === true), 100));
    }),
  innerHtml: () =>
    attempt(() => {
      document.createElement('div').innerHTML = '<b>x</b>';
    }),
  insertAdjacentHtml: () =>
    attempt(() => {
      document.body.insertAdjacentHTML('beforeend', '<b>x</b>');
    }),
  documentWrite: () => attempt(() => document.write('<b>x</b>')),
  policy: () => attempt(() => trustedTypes.createPolicy('default', { createHTML: (text) => text })),
  inlineScriptElement: () =>
    attempt(() => {
      const script = document.createElement('script');
      script.textContent = 'window.scriptElementRan = true';
      document.body.append(script);
      return window.scriptElementRan === true;
    }),
  blobWorker: () =>
    attempt(() => {
      const worker = new Worker(URL.createObjectURL(new Blob(['postMessage(1)'], { type: 'text/javascript' })));
      return new Promise((resolve, reject) => {
        worker.onmessage = () => resolve(true);
        worker.onerror = () => reject(new DOMException('no worker', 'WorkerError'));
      });
    }),
  fetchOutside: (address) => attempt(() => fetch(address)),
  fetchOwn: () => attempt(() => fetch('/attacks.css')),
  beacon: (address) => attempt(() => navigator.sendBeacon(address, 'x')),
  webSocket: (address) =>
    attempt(
      () =>
        new Promise((resolve, reject) => {
          const socket = new WebSocket(address);
          socket.onopen = () => resolve(true);
          socket.onerror = () => reject(new DOMException('closed', 'SocketError'));
        }),
    ),
  image: (address) => attempt(() => loaded(new Image(), address)),
  frame: (address) =>
    attempt(() =>
      loaded(document.createElement('iframe'), address).then(() => frames[0].location.href !== 'about:blank'),
    ),
  script: (address) => attempt(() => loaded(document.createElement('script'), address)),
  form: (address) =>
    attempt(() => {
      const form = document.createElement('form');
      form.action = address;
      document.body.append(form);
      form.submit();
      return false;
    }),
  navigate: (address) =>
    attempt(() => {
      location.href = address;
      return false;
    }),
  open: (address) => attempt(() => window.open(address) !== null),
  clickLink: (id) =>
    attempt(() => {
      document.getElementById(id).click();
      return false;
    }),
  geolocation: () =>
    attempt(
      () =>
        new Promise((resolve, reject) => {
          navigator.geolocation.getCurrentPosition(resolve, () => reject(new DOMException('no', 'NotAllowedError')));
        }),
    ),
  camera: () => attempt(() => navigator.mediaDevices.getUserMedia({ video: true, audio: true })),
  screen: () => attempt(() => navigator.mediaDevices.getDisplayMedia({ video: true })),
  notification: () => attempt(async () => (await Notification.requestPermission()) === 'granted'),
  permitted: () =>
    attempt(async () => (await navigator.permissions.query({ name: 'notifications' })).state === 'granted'),
  clipboardRead: () => attempt(() => navigator.clipboard.readText()),
  midi: () => attempt(() => navigator.requestMIDIAccess({ sysex: true })),
  usb: () => attempt(() => navigator.usb.requestDevice({ filters: [] })),
  hid: () => attempt(async () => (await navigator.hid.requestDevice({ filters: [] })).length > 0),
  serial: () => attempt(() => navigator.serial.requestPort()),
  bluetooth: () => attempt(() => navigator.bluetooth.requestDevice({ acceptAllDevices: true })),
  wakeLock: () => attempt(() => navigator.wakeLock.request('screen')),
  dialog: () => attempt(() => window.confirm('?')),
  node: () =>
    attempt(
      () =>
        typeof window.require === 'function' ||
        typeof window.process === 'object' ||
        typeof window.electron === 'object',
    ),
  webrtc: () =>
    attempt(
      () =>
        new Promise((resolve) => {
          const connection = new RTCPeerConnection();
          const candidates = [];
          connection.onicecandidate = (event) => {
            if (event.candidate === null) resolve(candidates.some((text) => / udp /i.test(text)));
            else candidates.push(event.candidate.candidate);
          };
          connection.createDataChannel('x');
          connection.createOffer().then((offer) => connection.setLocalDescription(offer));
          setTimeout(() => resolve(candidates.some((text) => / udp /i.test(text))), 2000);
        }),
    ),
  cookies: () =>
    attempt(() => {
      document.cookie = 'a=1';
      return document.cookie !== '';
    }),
};
