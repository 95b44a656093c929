/** Sealing for browsers without native X25519 and Ed25519, and for pages without a secure context; loaded only there, and only after consent. */
export * from '@outcry/protocol/seal-nacl';
