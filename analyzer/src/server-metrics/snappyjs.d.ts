declare module 'snappyjs' {
  interface Snappy {
    uncompress(bytes: Buffer, maxLength?: number): Buffer;
    compress(bytes: Buffer): Buffer;
  }
  const snappy: Snappy;
  export default snappy;
}
