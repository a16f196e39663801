
'use strict';
// The page reads without this. It adds the filter, following links into what is folded, the choice of colours and
// printing of what is folded. It makes no markup: what data says is text in the page before it begins.
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));
  const box = document.getElementById('filter');
  const count = document.getElementById('filter-count');
  for (const element of all('[data-needs-script]')) element.hidden = false;

  // Colours: as the system has them, unless chosen here. Some browsers let a file keep nothing.
  const keep = (value) => { try { localStorage.setItem('reconcile-theme', value); } catch { } };
  const kept = () => { try { return localStorage.getItem('reconcile-theme'); } catch { return null; } };
  const paint = (theme) => {
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme; else delete root.dataset.theme;
  };
  for (const choice of all('input[name=theme]')) {
    if (choice.value === kept()) choice.checked = true;
    choice.addEventListener('change', () => { paint(choice.value); keep(choice.value); });
  }
  paint(kept());

  // The filter: every word must occur in an item; `is:WORD` asks for its state.
  const items = all('.item');
  const sections = all('.group, .part, section.environment, section.fleet, section.comparison, .scroll').reverse();
  const folds = all('main details');
  let texts = null;
  let before = null;

  const fits = (item, index, words) => words.every((word) =>
    word.startsWith('is:') ? (item.dataset.is || '').split(' ').includes(word.slice(3)) : texts[index].includes(word));

  const restore = () => {
    if (!before) return;
    folds.forEach((fold, index) => { fold.open = before[index]; });
  };

  const filter = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter((word) => word);
    restore();
    if (words.length === 0) {
      before = null;
      for (const element of items.concat(sections)) element.hidden = false;
      count.textContent = '';
      press('');
      return;
    }
    texts = texts || items.map((item) => item.textContent.toLowerCase());
    before = before || folds.map((fold) => fold.open);
    let shown = 0;
    items.forEach((item, index) => {
      item.hidden = !fits(item, index, words);
      if (item.hidden) return;
      shown += 1;
      for (let fold = item.closest('details'); fold; fold = fold.parentElement.closest('details')) fold.open = true;
      // What was looked for may be among statements that are folded; long lists of names stay folded.
      const plain = words.filter((word) => !word.startsWith('is:'));
      for (const fold of all('details.statements', item)) {
        const text = fold.textContent.toLowerCase();
        if (plain.some((word) => text.includes(word))) fold.open = true;
      }
    });
    for (const section of sections) {
      const within = all('.item', section);
      section.hidden = within.length > 0 && within.every((item) => item.hidden);
    }
    count.textContent = shown === 0 ? 'nothing fits' : `${shown} of ${items.length} entries`;
    press(words.length === 1 ? words[0] : '');
  };

  const press = (words) => {
    for (const link of all('[data-filter]')) {
      if (link.dataset.filter === words) link.setAttribute('aria-current', 'true');
      else link.removeAttribute('aria-current');
    }
  };

  let waiting = 0;
  box.addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(filter, items.length > 2000 ? 150 : 0); });
  box.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') { box.value = ''; filter(); }
  });
  const look = (words) => { box.value = words; filter(); };

  // A link into what is folded unfolds it; one to what the filter hides ends the filter.
  const reveal = (id) => {
    const target = id && document.getElementById(id);
    if (!target) return;
    if (target.closest('[hidden]')) look('');
    for (let fold = target.closest('details'); fold; fold = fold.parentElement.closest('details')) fold.open = true;
    if (!target.hasAttribute('tabindex')) target.tabIndex = -1;
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block: 'start' });
  };
  const here = () => { try { return decodeURIComponent(location.hash.slice(1)); } catch { return ''; } };

  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.dataset.filter) look(link.getAttribute('aria-current') ? '' : link.dataset.filter);
    // Also where the address is that one already.
    setTimeout(() => reveal(link.getAttribute('href').slice(1)), 0);
  });
  addEventListener('hashchange', () => reveal(here()));
  reveal(here());

  // Everything open or closed, and everything open on paper.
  for (const button of all('[data-action]')) {
    button.addEventListener('click', () => {
      for (const fold of folds) fold.open = button.dataset.action === 'open';
      before = null;
      if (box.value) filter();
    });
  }
  let onScreen = null;
  addEventListener('beforeprint', () => {
    onScreen = folds.map((fold) => fold.open);
    for (const fold of folds) fold.open = true;
  });
  addEventListener('afterprint', () => {
    if (onScreen) folds.forEach((fold, index) => { fold.open = onScreen[index]; });
    onScreen = null;
  });
})();
