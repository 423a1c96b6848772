// How loud a stream is, 0 to 1, for as long as somebody looks.

export function watchLevel(stream: MediaStream, tell: (level: number) => void): () => void {
  const context = new AudioContext();
  const source = context.createMediaStreamSource(stream);
  const meter = context.createAnalyser();
  meter.fftSize = 512;
  source.connect(meter);
  const samples = new Float32Array(meter.fftSize);
  const timer = window.setInterval(() => {
    meter.getFloatTimeDomainData(samples);
    const loud = Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length);
    // -60 dB is a quiet room, 0 dB as loud as can be.
    tell(Math.min(1, Math.max(0, 1 + Math.log10(Math.max(loud, 1e-6)) / 3)));
  }, 100);
  return () => {
    clearInterval(timer);
    source.disconnect();
    void context.close();
  };
}
