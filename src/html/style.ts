/** The look of the pages for people: one column, readable at 360 px, light and dark as the device is. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #eef1f4; --card: #ffffff; --ink: #1c2530; --soft: #566372; --line: #d3dae2; --edge: #84919f;
  --accent: #1f5f8b; --on-accent: #ffffff; --field: #ffffff; --alarm: #a3212a; --alarm-ground: #fdeeee;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12171d; --card: #1b222b; --ink: #e4e9ef; --soft: #9aa8b7; --line: #344150; --edge: #647587;
    --accent: #7fbce8; --on-accent: #0d1822; --field: #12171d; --alarm: #ffa3a3; --alarm-ground: #3a1f23;
  }
}
*, ::before, ::after { box-sizing: border-box; }
body {
  margin: 0; padding: 1.25rem 1rem 3rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  overflow-wrap: anywhere;
}
header, main, footer { max-width: 44rem; margin: 0 auto; }
header { display: flex; align-items: center; gap: .6rem; margin-bottom: 1.25rem; color: var(--soft); }
header a { display: flex; align-items: center; gap: .6rem; color: inherit; text-decoration: none; font-weight: 600; }
header svg { width: 2rem; height: 2rem; flex: none; }
footer { margin-top: 1.5rem; color: var(--soft); font-size: .875rem; }
section, .card {
  background: var(--card); border: 1px solid var(--line); border-radius: .9rem; padding: 1.25rem; margin: 0 0 1rem;
}
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .5rem; text-wrap: balance; }
h2 { font-size: 1.15rem; line-height: 1.3; margin: 0 0 .6rem; }
p, ul, ol, dl, figure { margin: 0 0 .8rem; }
section > :last-child, .card > :last-child { margin-bottom: 0; }
.lead { font-size: 1.1rem; color: var(--soft); margin-bottom: 1.25rem; }
.soft { color: var(--soft); font-size: .9rem; }
a { color: var(--accent); }
code { font: .92em ui-monospace, "Cascadia Mono", Menlo, monospace; }
strong { font-weight: 650; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: .3rem; }
.button, button {
  display: inline-block; border: 1px solid var(--accent); border-radius: .6rem; padding: .65rem 1.15rem;
  background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; text-decoration: none;
  text-align: center; cursor: pointer;
}
.button.second { background: transparent; color: var(--accent); }
.button:hover, button:hover { filter: brightness(1.08); }
.actions { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; }
label { display: block; font-weight: 600; margin: 0 0 .25rem; }
.field { margin: 0 0 1rem; }
.hint { color: var(--soft); font-size: .875rem; margin: .3rem 0 0; }
.input { display: flex; border: 1px solid var(--edge); border-radius: .6rem; background: var(--field); overflow: hidden; }
.input:focus-within { outline: 3px solid var(--accent); outline-offset: 1px; }
.input.wrong { border-color: var(--alarm); }
input {
  flex: 1; min-width: 0; border: 0; padding: .65rem .8rem; background: transparent; color: inherit; font: inherit;
}
input:focus { outline: 0; }
.suffix { padding: .65rem .8rem .65rem 0; color: var(--soft); }
.alarm {
  border: 1px solid var(--alarm); border-radius: .6rem; padding: .7rem .9rem; margin: 0 0 1rem;
  background: var(--alarm-ground); color: var(--alarm);
}
.wrong-hint { color: var(--alarm); }
.split { display: grid; gap: 1.25rem; align-items: start; }
@media (min-width: 40rem) { .split { grid-template-columns: 1fr 13rem; } }
.qr { margin: 0; text-align: center; }
.qr svg { display: block; width: 100%; max-width: 13rem; height: auto; margin: 0 auto .4rem; border-radius: .5rem; }
.steps { padding-left: 1.3rem; }
.steps > li { margin-bottom: 1rem; padding-left: .2rem; }
.steps .actions { margin-top: .6rem; }
.apps { list-style: none; padding: 0; margin: .3rem 0 .8rem; }
.apps li { display: flex; flex-wrap: wrap; gap: .1rem .6rem; align-items: baseline; padding: .5rem 0; border-top: 1px solid var(--line); }
.apps li:first-child { border-top: 0; }
.apps .on { color: var(--soft); font-size: .875rem; flex: 1; min-width: 9rem; }
dl { display: grid; gap: .1rem 1rem; }
@media (min-width: 34rem) { dl { grid-template-columns: max-content 1fr; gap: .35rem 1.25rem; } }
dt { color: var(--soft); }
dd { margin: 0 0 .5rem; }
@media (min-width: 34rem) { dd { margin: 0; } }
summary { cursor: pointer; font-weight: 600; }
details[open] > summary { margin-bottom: .3rem; }
`;
