/** A STUN server: tells whoever asks the address it is seen by. Source: RFC 8489 §5, §14.2. */
import { createSocket } from 'node:dgram';

const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const XOR_MAPPED_ADDRESS = 0x0020;
const MAGIC_COOKIE = 0x2112a442;
const HEAD_BYTES = 20;

/** The answer to a binding request, or undefined for anything else. Pure. */
export function bindingAnswer(request: Buffer, { address, port }: { address: string; port: number }): Buffer | undefined {
  if (request.length < HEAD_BYTES || request.readUInt16BE(0) !== BINDING_REQUEST || request.readUInt32BE(4) !== MAGIC_COOKIE)
    return undefined;
  const answer = Buffer.alloc(HEAD_BYTES + 12);
  answer.writeUInt16BE(BINDING_SUCCESS, 0);
  answer.writeUInt16BE(12, 2);
  request.copy(answer, 4, 4, HEAD_BYTES);
  answer.writeUInt16BE(XOR_MAPPED_ADDRESS, HEAD_BYTES);
  answer.writeUInt16BE(8, HEAD_BYTES + 2);
  answer.writeUInt8(1, HEAD_BYTES + 5);
  answer.writeUInt16BE(port ^ (MAGIC_COOKIE >>> 16), HEAD_BYTES + 6);
  const bytes = Buffer.from(address.split('.').map(Number)).readUInt32BE(0);
  answer.writeUInt32BE((bytes ^ MAGIC_COOKIE) >>> 0, HEAD_BYTES + 8);
  return answer;
}

/** Answers on this address. */
export function startStun(address: string, port: number): Promise<void> {
  const socket = createSocket('udp4');
  socket.on('message', (request, from) => {
    const answer = bindingAnswer(request, from);
    if (answer) socket.send(answer, from.port, from.address);
  });
  return new Promise((resolve) => socket.bind(port, address, resolve));
}
