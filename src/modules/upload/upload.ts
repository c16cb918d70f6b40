/**
 * XEP-0363 HTTP File Upload, version 1.2.0
 * https://xmpp.org/extensions/xep-0363.html
 *
 * Gives the users of the domain slots for files at `upload.DOMAIN`, takes the files over HTTP, and hands them to whoever knows their
 * address.
 */
import { serviceNames, webOrigin } from "../../config/names.ts";
import type { Host } from "../../core/host.ts";
import { defineModule } from "../../core/module.ts";
import { t } from "../../util/schema.ts";
import { form } from "../../xmpp/forms.ts";
import { ns } from "../../xmpp/ns.ts";
import { download } from "./download.ts";
import { keepPurging } from "./purge.ts";
import { Receiver } from "./receive.ts";
import { openSigner } from "./signature.ts";
import { type SlotRules, Slots } from "./slots.ts";
import { UploadFiles } from "./upload-files.ts";
import { preflight, refusal, UPLOAD_METHODS } from "./upload-headers.ts";
import { PURPOSES, type UploadRow } from "./upload-row.ts";
import { UploadStore } from "./upload-store.ts";
import { type Upload, uploadsService } from "./uploads-service.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Addresses of files that are looked at in one message. */
const MOST_SHOWN = 100;

const config = t.object({
  names: serviceNames(["upload"]).doc("Names of the service: `upload` is `upload.DOMAIN`."),
  directory: t
    .string("uploads")
    .doc(
      "Where the files are; relative to the folder of the store's file. With the store in memory it is temporary.",
    ),
  url: t
    .optional(webOrigin())
    .doc(
      "Where the files are reached, when that is not the domain's own address: another name that leads here keeps them apart from the server's pages.",
    ),
  maxFileSize: t.size("100 MB").doc("The largest file."),
  perDay: t.size("1 GB", { off: true }).doc("What one account may upload in a day."),
  slotsPerHour: t.integer(200, { min: 1 }).doc("Files that one account may upload in an hour."),
  perAccount: t.size("5 GB", { off: true }).doc("Size of all files of one account; then the oldest go."),
  files: t.integer(10_000, { off: true, min: 1 }).doc("Files of one account; then the oldest go."),
  perDomain: t
    .size("off", { off: true })
    .doc("Size of all files of the domain; then the oldest go, whosesoever they are."),
  keep: t.duration("90d").doc('How long files are kept. "off": for ever.'),
  profile: t
    .size("10 MB")
    .doc(
      "Size of all pictures that one account has for its profile; these are kept beyond `keep`, then the oldest go.",
    ),
  permanent: t
    .optional(t.size())
    .doc(
      "Size of all files of one account that it wants to keep for ever (XEP-0363 §5.4), for blogs and the like; then there are no more. Absent: there are none.",
    ),
  keepFree: t.size("256 MB").doc("What stays free on the disk; there are no slots when there is less."),
  slotTime: t
    .duration("5m", { min: 10_000, max: DAY_MS })
    .doc("How long an upload may wait before it begins."),
  slowest: t
    .size("4 KB")
    .doc(
      "Bytes in a second that an upload has to make on average, after a minute; slower ones are given up. `http.requestTime` is the longest that one may take.",
    ),
  atOnce: t.integer(20, { min: 1 }).doc("Uploads of one account at the same time."),
  anonymous: t
    .boolean(false)
    .doc("Whether guests without an account (`auth.anonymous`) may upload; their files go when they do."),
});

export const upload = defineModule({
  name: "upload",
  implements: ["XEP-0363 1.2.0"],
  config,
  services: ({ names }) => names,

  async setup(host, settings) {
    const { metrics, clock, log, http } = host;
    const maxFileSize = {
      message: Math.min(settings.maxFileSize, settings.perDay, settings.perAccount, settings.perDomain),
      profile: Math.min(settings.maxFileSize, settings.perDay, settings.profile),
      permanent: Math.min(settings.maxFileSize, settings.perDay, settings.permanent ?? 0),
    };
    const store = await UploadStore.open(host, {
      perDay: { most: settings.perDay, per: DAY_MS },
      slots: { most: settings.slotsPerHour, per: HOUR_MS },
      perAccount: {
        message: { bytes: settings.perAccount, files: settings.files },
        profile: { bytes: settings.profile, files: settings.files },
        permanent: { bytes: settings.permanent ?? 0, files: settings.files },
      },
      perDomain: { bytes: settings.perDomain, files: Number.POSITIVE_INFINITY },
    });
    const files = new UploadFiles(() => host.folder(settings.directory));
    const signer = await openSigner(host);
    const url = () => settings.url ?? http.url;
    const slots = new Slots({ host, store, files, signer, url, rules: { ...settings, maxFileSize } });
    const receiver = new Receiver({
      clock,
      log,
      store,
      files,
      signer,
      closing: http.closing,
      find,
      uploads: metrics.counter("jackdaw_uploads", "files that were uploaded"),
      bytes: metrics.counter("jackdaw_upload_bytes", "size of the files that were uploaded"),
      slowest: settings.slowest,
      atOnce: settings.atOnce,
      keepFree: settings.keepFree,
      keep: { message: settings.keep, profile: 0, permanent: 0 },
    });
    const downloadParts = {
      clock,
      files,
      find,
      downloads: metrics.counter("jackdaw_downloads", "downloads of uploaded files, and of parts of them"),
      bytes: metrics.counter("jackdaw_download_bytes", "size of what was downloaded"),
    };
    await keepPurging({ host, store, files, active: receiver.active });
    openService(host, settings.names, maxFileSize, slots);

    // The name is part of the address; with another one there is nothing.
    async function find(id: string, name: string): Promise<UploadRow | undefined> {
      const row = await store.get(id);
      return row?.name === name ? row : undefined;
    }

    http.streaming
      .get("/upload/:id/:name", (c) =>
        download(downloadParts, c.req.raw, c.req.param("id"), c.req.param("name")),
      )
      .put((c) => receiver.put(c.req.raw, c.req.param("id"), c.req.param("name"), c.req.query("token") ?? ""))
      .options(preflight)
      .all(() => refusal(405, "Files are put and got", { Allow: UPLOAD_METHODS }));

    host.hook("user:deleted", "observe", async ({ user }) => {
      await store.forget(user.toString());
    });

    // XEP-0424, XEP-0425: what is taken back with a message is also the file of its author that it showed.
    host.hook("message:retracted", "observe", async ({ user, message }) => {
      for (const id of uploadsIn(message.inner).slice(0, MOST_SHOWN)) {
        if ((await store.get(id))?.owner === user.toString()) await store.remove(id);
      }
    });

    const shown = ({ id, owner, name, type, size, stored, expires }: UploadRow): Upload => ({
      id,
      owner,
      name,
      type,
      size,
      stored: stored ?? 0,
      expires,
      url: slots.urlOf({ id, name }),
    });
    host.provide(uploadsService, {
      get origin() {
        return url();
      },
      list: async (owner, limit) => (await store.list(owner?.toString(), limit)).map(shown),
      usage: (owner) => store.usage(owner?.toString() ?? host.domain),
      remove: async (id) => (await store.remove(id)) !== undefined,
      removeAll: (owner) => store.removeAll(owner.toString()),
      perAccount: settings.perAccount,
      perDomain: settings.perDomain,
    });
  },
});

/** XEP-0363 §3. It is there at all times, and says what it does when the web side is. */
function openService(
  host: Host,
  names: readonly string[],
  maxFileSize: SlotRules["maxFileSize"],
  slots: Slots,
): void {
  const limits = form({
    type: "result",
    formType: ns.UPLOAD,
    fields: [{ name: "max-file-size", value: String(maxFileSize.message) }],
  });
  // §5: the purposes that there is room for.
  const purposes = ["ephemeral", ...PURPOSES.filter((purpose) => maxFileSize[purpose] > 0)];
  const features = [ns.UPLOAD, ...purposes.map((purpose) => `${ns.UPLOAD_PURPOSE}#${purpose}`)];
  for (const domain of host.serviceDomains(names)) {
    const service = host.service(domain, {
      disco: {
        identities: [{ category: "store", type: "file", name: "HTTP File Upload" }],
        get features() {
          return host.http.listens ? features : [];
        },
        forms: [limits],
      },
    });
    service.iq("get", ns.UPLOAD, "request", (request) => slots.give(request));
  }
}

/** Ids of files whose addresses are in a text. */
function uploadsIn(text: string): readonly string[] {
  return Array.from(text.matchAll(/\/upload\/([0-9a-f]{32})\//g), ([, id = ""]) => id);
}
