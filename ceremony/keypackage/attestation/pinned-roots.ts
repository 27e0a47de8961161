/**
 * Keys that vouch for HSMs, by themselves and not by a certificate: Marvell's certificate of 2015 ended in 2025 and was
 * renewed with the same key. DER SPKI in base64, as both companies publish their root certificates.
 */

/** A key that vouches for others. */
export interface PinnedRoot {
  readonly name: string;
  /** base64 DER SPKI. */
  readonly spki: string;
}

/** Marvell, formerly Cavium: every LiquidSecurity card of the first series has a certificate by it. LiquidSecurity 2 has another root, which is not here. */
export const MARVELL_ROOT: PinnedRoot = {
  name: 'Marvell LiquidSecurity (localca.liquidsecurity.cavium.com)',
  spki:
    'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA3JL6kDOHL2Y3cqjixjE4yicL38SToVasOqaI4FDM9dFVO89wrSa8B3BEsBA1MVJDMc6H' +
    '+eZBaK1ES2lVQo3nWGrhIrJ2cMElpAHpqfRkRJvIl+gV7aGfFQ1qDth9ACYhwjOtqiXmVV4ZvAP81htD8i6wiDR9Ms/WoegXMHbGRi70L5KVDSYc' +
    'FTK2/ZyPQZUZk1oaKLdWEk3+434mxJHP6TftBM99ERWi9zIciGjSUttvtdLZ8uLDlE7DxLVymoeZj5R6Z6xnAdfM+WMYK9LwzWMfhQjxqPeVxq6v' +
    'TWHzTJcLEnhUq/A9VUOx2ZoqXkwdYUE1EMPyv0ZrcOTYpY5GEwIDAQAB',
};

/** Google, for the HSMs of Cloud KMS. */
export const GOOGLE_ROOT: PinnedRoot = {
  name: 'Google (Hawksbill Root v1 prod)',
  spki:
    'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArC6oYokhoHCS37COw5NNJjjbpaJfax5tqGwsg9ZbmvgCoPiwFvtc2rmbuYtNvBUm4A5P' +
    'L7UgQxwxfl7BZ6k2yBlewrWotpZ2kHtVFU1TFhDwYtXYmBnHng6yaSaj89ml03CIIaxiEnsqviAuM9ubkKexvw/AEXrCmKmMTTanH2ZTCJNLOhIe' +
    'Gj8rwl2LS5fUFw9Bgyep8+DZgvhcN9QeXeSoPVl8Q2TmAtc1OfSV23ccc3gvxCaNZNQB4IbaPyfHnb0yJeTUNGoThyqFGc4YQ0bFQYqBZsplbsGh' +
    'znF01LB3tzU5DcniyH6BabEEOF3B/ZIzuu2F05HQlnjWMPxWGQIDAQAB',
};
