/// Questions to a page, in its own language; each is answered by what is wrong, so by nothing where all is well.
enum Probe {
    /// Ids that stand more than once.
    static let twins = """
        (() => { const seen = new Set(), twins = [];
        for (const e of document.querySelectorAll('[id]')) { if (seen.has(e.id)) twins.push(e.id); seen.add(e.id); }
        return twins.join(' '); })()
        """

    /// Links and labels that lead nowhere.
    static let looseEnds = """
        (() => { const loose = [];
        for (const a of document.querySelectorAll('a')) {
            const to = a.getAttribute('href') || '';
            if (!to.startsWith('#') || !document.getElementById(to.slice(1))) loose.push(to); }
        for (const e of document.querySelectorAll('[aria-labelledby], label[for], output[for]')) {
            const id = e.getAttribute('aria-labelledby') || e.getAttribute('for');
            if (!document.getElementById(id)) loose.push(id); }
        return loose.join(' '); })()
        """

    /// Headings that skip a level.
    static let headings = """
        (() => { let last = 0; const wrong = [];
        for (const h of document.querySelectorAll('h1, h2, h3, h4')) {
            const level = Number(h.tagName[1]);
            if (level > last + 1) wrong.push(h.innerText); last = level; }
        return wrong.join('; '); })()
        """

    /// Tables without a caption, and heads without a scope.
    static let tables = """
        (() => Array.from(document.querySelectorAll('table')).filter((t) => !t.caption)
            .concat(Array.from(document.querySelectorAll('th:not([scope])'))).map((e) => e.outerHTML.slice(0, 80)).join('; '))()
        """

    /// Elements and attributes that a report has no use for.
    static let strangers = """
        (() => { const wrong = [];
        const known = new Set(('html head meta title style body a header p strong div label input output button fieldset legend '
            + 'nav ul li span main section h1 h2 h3 h4 bdi dl dt dd time code table caption thead tbody tr th td details '
            + 'summary svg rect ol article pre footer script').split(' '));
        for (const e of document.querySelectorAll('*')) {
            if (!known.has(e.localName)) wrong.push(e.localName);
            for (const a of e.attributes) {
                if (a.name.startsWith('on') || a.name === 'style' || a.name === 'src' || a.name === 'action') wrong.push(a.name);
                if (a.name === 'href' && !a.value.startsWith('#')) wrong.push(a.value); } }
        if (document.scripts.length !== 1) wrong.push('scripts');
        if (document.styleSheets.length !== 1) wrong.push('styles');
        return wrong.join(' '); })()
        """

    static let isInView = """
        (() => { const r = document.activeElement.getBoundingClientRect(); return r.top >= 0 && r.top < innerHeight; })()
        """

    /// Text that stands out from its ground by less than 4.5 to 1: <https://www.w3.org/TR/WCAG22/#contrast-minimum>.
    static let contrast = """
        (() => {
        const parse = (text) => {
            const n = text.match(/[-\\d.]+(e-?\\d+)?/g).map(Number);
            if (text.startsWith('color(')) return [n[0] * 255, n[1] * 255, n[2] * 255, n[3] ?? 1];
            return [n[0], n[1], n[2], n[3] ?? 1]; };
        const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
        const ground = (e) => {
            if (!e) return [255, 255, 255, 1];
            const own = parse(getComputedStyle(e).backgroundColor);
            return own[3] >= 1 ? own : over(own, ground(e.parentElement)); };
        const light = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => v / 255)
            .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
        const wrong = new Set();
        const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walk.nextNode()) {
            const e = walk.currentNode.parentElement;
            if (!walk.currentNode.data.trim() || e.localName === 'script' || !e.checkVisibility({ opacityProperty: true })) continue;
            const below = ground(e), text = over(parse(getComputedStyle(e).color), below);
            const [a, b] = [light(text), light(below)].sort((x, y) => y - x), ratio = (a + 0.05) / (b + 0.05);
            if (ratio < 4.5) wrong.add(`${e.className || e.localName} ${ratio.toFixed(2)}: ${walk.currentNode.data.trim().slice(0, 20)}`); }
        return Array.from(wrong).slice(0, 8).join('; '); })()
        """
}
