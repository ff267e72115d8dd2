/**
 * Preloaded into every program that the demo starts: ends the program when the demo is gone, even
 * if it was killed with -9 and could not end anybody. File descriptor 3 is a pipe whose other end
 * only the demo holds; the kernel closes it with the demo.
 */
import { Socket } from "node:net";

const LEASH_FD = 3;

const leash = new Socket({ fd: LEASH_FD, readable: true, writable: false });
leash.on("error", () => process.kill(process.pid, "SIGKILL"));
leash.on("close", () => process.kill(process.pid, "SIGKILL"));
leash.resume();
// The program decides for itself when it has nothing left to do.
leash.unref();
