/** What others wrote, as it is: it cannot turn around what stands beside it, and what nobody would see is named. */

/** What directs or hides without being seen: controls and formats, but for line breaks, tabs and what joins emoji and letters. */
const UNSEEN = /((?![\n\t\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}])/u;

export function PlainText({ text }: { readonly text: string }) {
  return (
    <>
      {text.split(UNSEEN).map((part, index) =>
        index % 2 === 1 ? (
          <span key={index} class="unseen">
            {`U+${(part.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`}
          </span>
        ) : (
          part !== "" && <bdi key={index}>{part}</bdi>
        ),
      )}
    </>
  );
}
