/** @throws Error when the server, or a handler of the test, failed. */
export function checkErrors({ errors }: { readonly errors: readonly string[] }): void {
  if (errors.length > 0) throw new Error(`the server failed:\n${errors.join("\n")}`);
}

/** Puts the transcript into what a test failed with; the errors of expectations have it already. */
export function showTranscript(errors: readonly unknown[], transcript: string): void {
  for (const error of errors) {
    if (!hasMessage(error) || error.message.includes("\nTranscript:\n")) continue;
    error.message += `\n\nTranscript:\n${transcript}\n`;
  }
}

function hasMessage(error: unknown): error is { message: string } {
  return (
    typeof error === "object" && error !== null && "message" in error && typeof error.message === "string"
  );
}
