// The list follows what happens without being asked: every 15 seconds it is fetched anew,
// unless somebody is in the middle of something in it.
const live = document.getElementById('live');
const busy = () => document.hidden || live.contains(document.activeElement) || live.querySelector('button:disabled');
// What the page was opened with, less the note of what was just done.
const here = new URL(location.href);
here.searchParams.delete('did');

async function refresh() {
  if (busy() || location.pathname !== '/lostcalls') return;
  let text;
  try {
    // Nobody has asked: it keeps no session going. One that has ended leads to signing in.
    const answer = await fetch(here, { credentials: 'same-origin', redirect: 'manual', headers: { 'X-Hotline-Unasked': '1' } });
    if (answer.type === 'opaqueredirect') return location.reload();
    if (!answer.ok) return;
    text = await answer.text();
  } catch { return; } // no connection: the next look, or the next click, tells
  const fresh = new DOMParser().parseFromString(text, 'text/html').getElementById('live');
  if (!fresh || busy() || fresh.innerHTML === live.innerHTML) return;
  live.replaceChildren(...fresh.childNodes);
}
if (live) {
  setInterval(refresh, 15000);
  addEventListener('focus', refresh); // who comes back to the page sees it as it is
}
