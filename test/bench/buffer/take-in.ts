/** Each message acknowledged after its segment is synced, taken and confirmed at once as a perfect uplink would. */
import { z } from "zod";
import { bufferIn, DEVICES, TAGS, Traffic } from "./traffic.ts";

export const takenIn = z.object({
  shape: z.string(),
  seconds: z.number(),
  readingsPerSecond: z.number(),
  readingsPerCpuSecond: z.number(),
  acknowledgedP50Ms: z.number(),
  acknowledgedP99Ms: z.number(),
  bytesPerReading: z.number(),
});

export async function takeIn(
  folder: string,
  seconds: number,
  inFlight: number,
): Promise<z.infer<typeof takenIn>> {
  const buffer = bufferIn(folder, 10);
  await buffer.start();
  let lineBytes = 0;
  buffer.onReady((lane, traffic) => {
    const chunks = buffer.take(lane, traffic, 2 ** 20);
    for (const chunk of chunks) lineBytes += chunk.line.length;
    buffer.confirm(chunks);
  });
  const traffic = new Traffic();
  const waits: number[] = [];
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;
  const publish = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const sentMs = performance.now();
      await buffer.append(traffic.next());
      waits.push(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, publish));
  const elapsed = (performance.now() - startMs) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  await buffer.stop();
  waits.sort((a, b) => a - b);
  const readings = traffic.messages * TAGS;
  return {
    shape: `${DEVICES} devices x ${TAGS} tags, ${inFlight} messages in flight`,
    seconds: elapsed,
    readingsPerSecond: Math.round(readings / elapsed),
    readingsPerCpuSecond: Math.round(readings / ((cpu.user + cpu.system) / 1e6)),
    acknowledgedP50Ms: waits[waits.length >> 1] ?? 0,
    acknowledgedP99Ms: waits[Math.floor(waits.length * 0.99)] ?? 0,
    bytesPerReading: lineBytes / readings,
  };
}
