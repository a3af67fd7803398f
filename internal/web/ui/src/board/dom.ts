// The board is drawn again with every call. What does not change is left alone, so that who
// has reached a link with the keyboard keeps it, and who listens hears only what is new.

export function $(id: string): HTMLElement {
  const e = document.getElementById(id);
  if (!e) throw new Error(`the page has no element ${id}`);
  return e;
}

export function el<K extends keyof HTMLElementTagNameMap>(tag: K, cls = '', text = ''): HTMLElementTagNameMap[K] {
  const e = document.createElement(tag);
  if (cls) e.className = cls;
  if (text) e.textContent = text;
  return e;
}

export function say(e: Element, text: string): void {
  if (e.textContent !== text) e.textContent = text;
}

export function attribute(e: Element, name: string, value: string): void {
  if (e.getAttribute(name) !== value) e.setAttribute(name, value);
}

export function look(e: Element, cls: string): void {
  if (e.className !== cls) e.className = cls;
}

export function show(e: HTMLElement, on: boolean): void {
  if (e.hidden === on) e.hidden = !on;
}

/** Text that leads somewhere, or text alone where there is nowhere to go. */
export function lead(e: Element, text: string, href: string): void {
  const a = e.firstElementChild;
  if (!href) {
    if (a) e.replaceChildren();
    return say(e, text);
  }
  if (a instanceof HTMLAnchorElement && e.childNodes.length === 1) {
    say(a, text);
    return attribute(a, 'href', href);
  }
  const link = el('a', '', text);
  link.href = href;
  e.replaceChildren(link);
}

/** One child for each item: made once, filled again. */
export function each<T>(box: Element, items: readonly T[], make: () => HTMLElement, fill: (e: HTMLElement, item: T) => void): void {
  while (box.children.length > items.length) box.lastElementChild?.remove();
  items.forEach((item, i) => {
    let e = box.children[i] as HTMLElement | undefined;
    if (!e) box.append(e = make());
    fill(e, item);
  });
}

/** The part of an element, by the name it was made with. */
export function part(e: Element, name: string): HTMLElement {
  const found = e.querySelector<HTMLElement>(`[data-part="${name}"]`);
  if (!found) throw new Error(`no part ${name}`);
  return found;
}

export function named<K extends keyof HTMLElementTagNameMap>(tag: K, name: string, cls = ''): HTMLElementTagNameMap[K] {
  const e = el(tag, cls);
  e.dataset.part = name;
  return e;
}
