/**
 * RSA answers for the self-test. The key pair is published test data (Wycheproof, RSA-OAEP 2048, SHA-1 group) and
 * protects nothing.
 */

/** Private key, base64 DER PKCS#8, of the Wycheproof test group. */
export const TEST_RSA_PRIVATE =
  'MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQC9McegJpHS2Vh+9qlG/3iFRMyt1LKYitYghnkqa/lshha0rRMxfSJwuQHQ' +
  '/NHYgMuPUvuHMEpSWMEbON/q6N9nCu7n6h0NnfjgDoCEfkHlmJ7UAtROeLMP7xe1Zx062/hoXk3CBEmezRhj4dWv8op89m6t8x/skjbBIK3R' +
  'NFFSLGR8mDKmcs1k0yjBwyIYP0Zh0JvaYLjdXwMo2lQgghQkr9q7GoDF0SdjobAjjNidB0K/xQtqL8twHYJCGPmCb094ojorWqQqzn8XU3b7' +
  'bL2yutKTulg9TTHGuPkCnkaxNokkmFX1BXVuAOIlpqRaGHab2NKzpKy58cI9PlGIJWHlAgMBAAECggEAB0fVIMqbLfwDNc+UMBFAuBAvuDjJ' +
  'LqmZF+NU4lcJYC3Aze8jH/Jq0t+rvDkecjBypO9Skp8/HPAhbkTACTAw+KwpCW+u8okzvJuSQocBTi6TXiFFvkdSzLgst2RicZNpecq3P1Ie' +
  '6yeFWsKkEINK5Qguti72+Yme5cu2JKjYwEq37c94/hNdD4CPY7XebgcXeb8dnqr40++WVIbyxSYl5uV6ZRx7vQGXyZwFezhgoyYMhkoRs88i' +
  'ukTeOjs/MRfmTr+akfYm67Pzwm0bC7gHU0aNS/apl7KDNfIO2MOE11WDYKmul1VmH6N0mEaxdOa/Mw5S0JlB9szX3lAEd5+buQKBgQD+PSON' +
  'N2o4VtlZL9SWHBen+w+jnUQunfIuftoRXGSMXLc434nqktg3hVjQ2cHPPYv/dA03Q6AUCmp1I+kXbClTssEdf0RpHPi+wrNPtZxklTWYMxlI' +
  'gRjAMRiudEXnDfRmzphnEmDwXVBoznd9qX4rqEd5SQUAzrT/f2LOypoUfwKBgQC+gUrya/PCcRW8dZXQ0Soa93E/7Kh3rm5thYgl7aPRknBH' +
  'dPQuGuG2fxc56MRaBHY4gHD6VFt8yWuKRAA7yNB/3nP1vN0YJoOV3MKEK1Aj/xSzUjgmB7cXml6jMIQPxFBF2G4KzE/rE18KubfOa4619aV1' +
  '8qKo3imcDT9QbfSHmwKBgGG7TPRXLgz0Td78BQOjTvCzEUL7DJ/C9bsr5lYwJzLR3VkOjWzQAC/vocG/Q8KPzUZo7T+mTl4F1wCqykrHuGdF' +
  'Wvkk2D5z9acXH2jvzmvX899LHVgC0GnpNayyY8C7W409s9ZDeWJM7MEtRT/YLPlJWhhkmnjB/VAOPwRxW6OvAoGAZknb6SCnqM65ghCM2auF' +
  'dSdJiq5SorhpGKtrOBpKLLv5R5T3i03pxeilmvVtgHwG0j2869yhpvYrpPjwOymPMilKkDbRbCc53hzD4N200S8keUh7V4gq+iRsDil9r02U' +
  'YHxeUbP0cV9cV9DybYZ5ASCdsCAQ0KVBKEZAqbnwY2MCgYA57GBvXJ8fM9lkYG4Sjp6Qz/kydyxXFap1mBbVBO/ixGIG8zeaph0x+I5ya1Dd' +
  'gLjOhVig10CFJfWMM5nOMuI51wlB8S0h53YcBD4LAiINJf/QNXHHrlu9WcMfSBIGdvnXw3CnSdhJG9/OoBZioTbIXTSbbHEPxvbr+Kenm2Kt' +
  'ww==';

/** Its public half, base64 DER SPKI. */
export const TEST_RSA_PUBLIC =
  'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvTHHoCaR0tlYfvapRv94hUTMrdSymIrWIIZ5Kmv5bIYWtK0TMX0icLkB0PzR2IDL' +
  'j1L7hzBKUljBGzjf6ujfZwru5+odDZ344A6AhH5B5Zie1ALUTnizD+8XtWcdOtv4aF5NwgRJns0YY+HVr/KKfPZurfMf7JI2wSCt0TRRUixk' +
  'fJgypnLNZNMowcMiGD9GYdCb2mC43V8DKNpUIIIUJK/auxqAxdEnY6GwI4zYnQdCv8ULai/LcB2CQhj5gm9PeKI6K1qkKs5/F1N2+2y9srrS' +
  'k7pYPU0xxrj5Ap5GsTaJJJhV9QV1bgDiJaakWhh2m9jSs6SsufHCPT5RiCVh5QIDAQAB';

/** Wycheproof RSA-OAEP, SHA-1 and MGF1-SHA-1, case 5: base64 ciphertext of the ASCII text `Message`. */
export const OAEP_SHA1_CIPHERTEXT =
  'olUKmFCQPzFCvBsbVORdd1TnX/DTmoroE7UeuBZb4IpMA2a5PIA+8WFlD4y5ZvfdRkj0A2PdDMN1leQ3VgeJVe8C5BWz4O/V+XRNVk6udj4w' +
  'fokwAt0anQuimX/mZY82if709PIeepcsDcZCmT/2YSxua0P5zlNnSRmrvBPkJ3K+uMPz9lXfncmDngdeAb65uT2OAW9Xr8mgIH2RibS8sUum' +
  'RZ/1/dXy/tUmCsmnoJL+yiCvDyOgDYuZDAdMoj2WThnknBfJcLyXK3D9orbG6Z5Of/EZAupxJiV/0ZZOfaB/v0E8i+y0hyn72GHdzD+mw98j' +
  'VXWe8TONAlUbf8gKiA==';

/** OAEP with SHA-256 and MGF1-SHA-256 of the bytes 00 to 1f, base64; made by `openssl pkeyutl`, OpenSSL 3.0.19. */
export const OAEP_SHA256_CIPHERTEXT =
  'PMO35pWCD0bwLl4fE5Sgxy4cCQl3qFvHkEFX+uaz5M1fa4oVsRPUhJv1T7YelvbGC89uI1pkp6wQU+8TOhvAHZ+bEm5Q4heRASo2zvpxlFB9' +
  'xBzkqTygcocpHm7biD/m8+ZzsJX+pjtmnVsw3MB/WqpjXKWLbiGxgDtG4vNDkMyBTWSjdB75Z374+z3u0PEEI7svFedwt4lE0B8UtMcbzXOC' +
  'JbmfZRNg+lujXQ96+RKFjwSMu3TErE13UMX+FA2TWuSFC/XX94WybJsJ7jnrL7SjfSOY0YdBSi8KqRxtDnlCmj5t0Tg+4JyjcV2blccUii3W' +
  'ZxoDpoYTP1c4O3keSw==';

/** PSS with SHA-256, MGF1-SHA-256 and a salt of 32 bytes over `keyrite self-test`, base64; made by `openssl dgst -sign`, OpenSSL 3.0.19. */
export const PSS_SIGNATURE =
  'A9sfP2dI9njnKfXt57ZbmJWv1VCu2lDLsejWjBGUEy1qphIXz0pN4PuDuesK9R2LNtR6ySISaLD0GkIuDXooMaRj7SK1FY2LPk5OZGEtmCCh' +
  'ZTo5BC5lH6cLA0CKw5AK4uyGkuMhvhMQasLseMU5TxWZPZ+J2NA4FFH5RZVxcGuK3NBWhEAlmRirn6QgPxOHafyZTjPqGHMeCPd5I5hhwQUQ' +
  '0+7pTdOKmljcoI1qvNiE5W0vqZriCswjdJjrulZOj7+GWkYbxdqcG423C6TaiWj7Ul3IkAOUyMhptwJo2mWZRYOdFQPnLrPNoZfE+yxACXc1' +
  'IFpb+voSntK+/5OHCg==';
