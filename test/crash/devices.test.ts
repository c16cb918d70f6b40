import { afterAll, expect, test } from "vitest";
import { AN_ERROR, Device, type Sighting } from "./device.ts";
import { RandomSource } from "./random-source.ts";
import { ServerFolder } from "./server-process.ts";
import { registerAccount, unlessGone } from "./workload.ts";

const LIVES = 4;
const seed = Number(process.env["JACKDAW_SEED"] ?? Date.now() % 1_000_000);

const folder = new ServerFolder({
  limits: { bytesPerSecond: "off" },
  modules: { register: { open: true, perHour: "off" }, strangers: false },
});
afterAll(() => folder.remove());

test(`devices that come and go get everything once, in ${LIVES} lives of the server (JACKDAW_SEED=${seed})`, {
  timeout: 120_000,
}, async () => {
  const random = new RandomSource(seed);
  const single = new Device("single", "phone");
  const devices = [
    single,
    new Device("double", "phone"),
    new Device("double", "desk"),
    new Device("ann", "desk"),
  ] as const;
  let server = await folder.start();
  await Promise.all(["single", "double", "ann"].map((user) => registerAccount(server.port, user)));
  for (let life = 1; life <= LIVES; life++) {
    const { port } = server;
    for (let steps = random.between(30, 80); steps > 0; steps--)
      await unlessGone(step(random.pick(devices), random, port));
    // In the midst of what was written last, or in good order.
    server.signal(random.between(0, 3) === 0 ? "SIGTERM" : "SIGKILL");
    await server.exit;
    for (const device of devices) await device.leave();
    server = await folder.start();
  }
  for (const device of devices) await device.connect(server.port);
  // What one leaves to another is acknowledged in turn.
  for (let round = 0; round < 3; round++) for (const device of devices) await device.settle();

  const writings = devices.flatMap((device) => device.writings);
  const faults = devices.flatMap((device) => [
    ...doubles(device, device === single),
    ...writings
      .filter(({ to, isAcknowledged }) => to === device.user && isAcknowledged)
      .filter(({ text }) => !text.startsWith(device.name) && !device.has(text))
      .map(({ text }) => `${device.name} never got ${text}`),
    ...(device.has(AN_ERROR) ? [`${device.name} got an error`] : []),
  ]);
  expect([...faults, ...disorder(single)]).toEqual([]);
  expect(writings.filter(({ isAcknowledged }) => isAcknowledged).length).toBeGreaterThan(LIVES * 5);
  server.signal("SIGTERM");
  expect(await server.exit).toBe(0);
});

async function step(device: Device, random: RandomSource, port: number): Promise<void> {
  const chance = random.between(1, 100);
  // A session that was not resumed is gone with the next one, so nothing has to wait for its end.
  if (!device.isThere) return device.connect(port, random.between(0, 3) > 0);
  if (chance <= 60) {
    for (let count = random.between(1, 5); count > 0; count--) {
      const user = random.pick(["single", "double", "ann"]);
      const resource = random.pick(["", "", "/phone"]);
      device.write(`${user}@localhost${resource}`);
    }
  } else if (chance <= 75) {
    await device.settle();
  } else if (chance <= 92) {
    device.cut(random.between(0, 1) === 0);
  } else {
    // Its connection still looks alive.
    await device.connect(port, random.between(0, 2) > 0);
  }
}

/**
 * What came twice. XEP-0198 §4 lets come again, in another session, what was not acknowledged. To one of several devices also what it
 * had, when another one of the account lost it: but in the same session nothing ever does.
 */
function doubles({ name, sightings }: Device, isAlone: boolean): string[] {
  const before = new Map<string, Sighting[]>();
  const faults: string[] = [];
  for (const sighting of sightings) {
    const { text, isArchived, session } = sighting;
    const earlier = before.get(text) ?? [];
    before.set(text, [...earlier, sighting]);
    const isDouble = earlier.some((each) => each.session === session || (isAlone && each.isConfirmed));
    if (!isArchived && isDouble) faults.push(`${name} got ${text} again`);
  }
  return faults;
}

/** What came for the first time after something that the same device wrote later. */
function disorder({ name, sightings }: Device): string[] {
  const latest = new Map<string, number>();
  const faults: string[] = [];
  for (const text of new Set(sightings.map((each) => each.text))) {
    const [writer = "", number] = text.split(" ");
    if (Number(number) < (latest.get(writer) ?? 0)) faults.push(`${name} got ${text} late`);
    latest.set(writer, Number(number));
  }
  return faults;
}
