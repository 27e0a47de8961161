/**
 * Known answers for the probes: published vectors, and one RSA key whose private half is public, too: it was made for
 * this file and protects nothing.
 */

const bytes = (hex: string): Uint8Array => Buffer.from(hex, 'hex');

/** AES-256 key of NIST SP 800-38A appendix F and SP 800-38B appendix D.3. */
export const NIST_KEY = bytes('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4');
/** First block of plaintext of the same. */
export const NIST_BLOCK = bytes('6bc1bee22e409f96e93d7e117393172a');
/** SP 800-38A F.1.5. */
export const ECB_ANSWER = bytes('f3eed1bdb5d2a03c064b5a7e3db181f8');
/** SP 800-38A F.2.5, first block. */
export const CBC = { iv: bytes('000102030405060708090a0b0c0d0e0f'), answer: bytes('f58c4c04d6e5f1ba779eabfb5f7bfbd6') };
/** SP 800-38B D.3, example 10: AES-256 CMAC of one block. */
export const CMAC_256_ANSWER = bytes('28a7023f452e8f82bd4bf28d8c37c35c');
/** RFC 4493 section 4, example 2: AES-128. */
export const CMAC_128 = {
  key: bytes('2b7e151628aed2a6abf7158809cf4f3c'),
  answer: bytes('070a16b46b4d4144f79bdd9dd04a287c'),
};
/** "The Galois/Counter Mode of Operation" (McGrew, Viega), test case 14: AES-256, zeros throughout. */
export const GCM = {
  key: new Uint8Array(32),
  iv: new Uint8Array(12),
  plaintext: new Uint8Array(16),
  answer: bytes('cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919'),
};
/** RFC 3394 section 4.6: a 256-bit key under a 256-bit key. */
export const KEY_WRAP = {
  wrapping: bytes('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'),
  wrapped: bytes('00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f'),
  answer: bytes('28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21'),
};
/** RFC 4231 section 4.7 has a key of 131 bytes, too long for some tokens; this key of 32 is checked against node:crypto. */
export const HMAC_KEY = bytes('0b'.repeat(32));

/** RSA-2048 key for the OAEP probes, as JSON Web Key. */
export const RSA_KEY = {
  kty: 'RSA',
  n: 't76kPslVYzCwoTIlP7738iRsGHoPtWwAHNUpBB41lJswcdnBYrCno95Ee1xBgF8DLlTrr9KocGl9nApkiWfGU_AC4rhuvAa7JjBGA3u-OYem8QJbnuTszf56nu_irZUMCBalR1jjSRE_4PB5th8OwVCHA3c3LIfdpixOBum78aUnBhe4c--PFBh9qKSnjBDq1WmBFhGttnkG9abJY2HCkqHS2SI8M9i7O4Jg0T2YTKmj2CPvToVl5J90fn2Am4fpFbRPD1hW2XXFilmdAtQnPkPgaS9kQjgl3mASKdnsOU5saSWCBsbOhoNjOPG6k08ZATC96bNt5EgIEiwJm_F8uQ',
  e: 'AQAB',
  d: 'Da44jWIxJNb5t67DnjjqPhGfKL1h0QivA3aNfLyBEcTyOO_VGbN8b9N7NtIaIGQymO8Cs08UcnYwP394l9BtsE8078t6ly5LHd9HPzgl5COo9tXNm4mA5h914sKKlpD72dhRyvufxI9vuaA996TdVOBZhRUJuxuMkbRHxPT_JNEeC9knWaNpR36zXj5bNAfFCEd7d8niBjxlOqaFasbyir2z4RwT9ozroGQ32EVuqfcZ3paGnWQLAHlI56j00f_MpGrHGmd1p_2HOYaUixGY_G6osG1i66rmlrri4aWFtWz0P2jjsWsWAF1MI_rnEJ1r6RO0RALWW3pX8R2pU38lgQ',
  p: '9MFyoZtCroWmZBztNYE77flATtoD2jDYbpaQO12iWAdM0t1ZexMC2mn7V5VI81kicXFcev81Evaf5HqVm28-uESSixsafjFAs2QrbKbHRCbJgqftH7_Em-W5nOShO3wdASYKX1GZ_vUG-cl69Z5EvYDuMqO-3CaRWSzNkUpRUdk',
  q: 'wC-mDKcpU7h_ORskeCJWY0tOU_swipBjAPunqvDfvmYRyWd4N75W9SHOYBA2R9vM4NXuMEtKvft-Kl5PLCInbCSN8ipoZEstospnefWUennkwfUW91ucXniw3c3RSmjz8qdU_5fHxMNj4m4SRX54vb2cbH3Zywq4hg34llH31eE',
  dp: '67L_OTHTXU3HltFkfgoeNGW70DOTUiOHybek3galuDAPg2E2Mpd0P_Gf4hAZWH-V87k_XhM2gTSPde-28yCGPd2LYfqP4MZ9kEP-rXtOmgrgM7qTV-fM5nSr8rMZsbcsF1cS1gg3TJeaSCIHD1GC0RvAR3P48PkTL9U9gZUYCsE',
  dq: 'lk6t14eFUu0g01DfHPX-CnqDMDtso3J5e_NWFuN8mjTKBHLgGvjKmb1u4sLLMTg-7DlkqHC6bAudiRVpZmLv4ixUt-li683AS2lxtHjVP1TGDMvawmrryRcrfM3TuhaLdGRanevfWYxXOmhL8f4QAJWjGVb0V1BzMKUMnsRMyQE',
  qi: 'qH9QY9KhX6_ROmzSGw3g_ybLv6Z0mFO08gx9mdfC34sWAMpLGdI3k4ezbDTdKsSxJBLfwrc8N0sEDQPcZ79_XEK7HBuuywtXn6ucVNKGb_yOerywURthPpYq3bLis-SGOkiP1gp7G9shsjKQDtbpqS_BzmhbwS3sSxzOqDgCSa0',
} as const;
