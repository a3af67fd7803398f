// What pages do with a script; without one they work as well.
for (const b of document.querySelectorAll('[data-print]')) b.addEventListener('click', () => window.print());
// A form is sent once: the second press of a button would be told that somebody was faster.
document.addEventListener('submit', e => {
  if (e.target.method === 'post') setTimeout(() => e.target.querySelectorAll('button').forEach(b => { b.disabled = true; }));
});
// Going back to a page shows it as it was left: its buttons work again.
addEventListener('pageshow', e => { if (e.persisted) document.querySelectorAll('form[method=post] button').forEach(b => { b.disabled = false; }); });
// Two days take the place of the named period, and a named period that of two days.
for (const p of document.querySelectorAll('.period')) {
  const days = [...p.querySelectorAll('input[type=date]')], named = p.querySelector('select');
  named.addEventListener('change', () => days.forEach(d => { d.value = ''; }));
}
