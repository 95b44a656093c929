/** The floor of any intake: one Ed25519 verification and one X25519 product by OpenSSL, keys imported once. Tells the CPU time of many. */
import { diffieHellman, generateKeyPairSync, sign, verify } from 'node:crypto';

const signer = generateKeyPairSync('ed25519');
const [recipient, sender] = [generateKeyPairSync('x25519'), generateKeyPairSync('x25519')];

process.on('message', ({ count, bytes }) => {
  const message = Buffer.alloc(bytes, 7);
  const signature = sign(null, message, signer.privateKey);
  const before = process.cpuUsage();
  for (let index = 0; index < count; index++) {
    verify(null, message, signer.publicKey, signature);
    diffieHellman({ privateKey: recipient.privateKey, publicKey: sender.publicKey });
  }
  const { user, system } = process.cpuUsage(before);
  process.send({ seconds: (user + system) / 1e6 });
});
process.on('disconnect', () => process.exit());
process.send({ ready: true });
