import type { ClientStream } from "../stream/client-stream.ts";
import { ofClients } from "../stream/client-tap.ts";
import type { Tap } from "../stream/tap.ts";
import type { Seams } from "./faults/seams.ts";
import type { Faults } from "./faults.ts";
import type { Handlers } from "./handlers.ts";
import type { Mimicry } from "./mimic/mimicry.ts";
import { Passing } from "./passing.ts";
import type { Seen } from "./seen.ts";

interface RigTapParts {
  readonly seams: Seams;
  readonly faults: Faults;
  readonly handlers: Handlers;
  readonly mimicry: Mimicry | undefined;
  record(stream: ClientStream, seen: Seen): void;
  /** Whether nobody has a say in what it carries. */
  hides(stream: ClientStream): boolean;
}

/** Who has a say in what streams carry: faults first, then handlers; what is left goes its way, in another's likeness. */
export function rigTap({ seams, faults, handlers, mimicry, record, hides }: RigTapParts): Tap {
  return ofClients({
    opened: (stream) => (seams.opening.all.some((takes) => takes(stream)) ? "taken" : undefined),
    received(stream, element) {
      if (hides(stream)) return undefined;
      const passing = Passing.received(stream, element);
      mimicry?.hears(stream, passing.element);
      record(stream, passing);
      return faults.takes(passing, (left) => handlers.takes(left)) ? "taken" : undefined;
    },
    sent(stream, text) {
      if (hides(stream)) return undefined;
      const said = mimicry?.says(stream, text) ?? { text, isLate: false };
      const passing = Passing.sending(stream, said.text, (seen) => record(stream, seen));
      if (faults.takes(passing)) return "taken";
      if (said.text === text && !said.isLate) {
        record(stream, passing);
        return undefined;
      }
      if (said.isLate) stream.environment.clock.immediate(() => passing.pass());
      else passing.pass();
      return "taken";
    },
  });
}
