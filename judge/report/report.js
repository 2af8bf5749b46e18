"use strict";
// The language and colour switch, the map around a place, the browser of single items. Text enters as text nodes only.
(() => {
  const root = document.documentElement;
  const data = JSON.parse(document.getElementById("data").textContent);
  const WORDS = {
    search: ["搜索问题、回答、地点", "search question, answer, place"], all: ["全部", "all"], split: ["划分", "split"], kind: ["对象", "kind"],
    gap: ["只看有分歧的", "disagreements only"], unscored: ["只看未得分的", "unscored only"], none: ["没有符合的条目。", "Nothing matches."],
    question: ["提问", "Question"], answer: ["回答", "Answer"], claims: ["陈述", "Claims"], evidence: ["证据", "Evidence"], trajectory: ["轨迹", "Trajectory"],
    verdicts: ["评审", "Verdicts"], measures: ["程序度量", "Measures"], verified: ["核实", "verified"], inferable: ["可推出", "inferable"], unsupported: ["无据", "unsupported"],
    away: ["分歧", "disagreement"], infeasible: ["无完全符合", "nothing fits"], data: ["数据", "data"], perf: ["表现", "performance"], prev: ["上一页", "previous"], next: ["下一页", "next"],
    stated: ["说法", "stated"], truth: ["证据", "evidence"], status: ["结论", "status"], fact: ["事实", "fact"], name: ["店名", "name"], cuisine: ["菜系", "cuisine"], address: ["地址", "address"],
    rating: ["评分", "rating"], price: ["人均", "price"], distance: ["距离", "distance"], hours: ["营业时间", "hours"], dishes: ["招牌", "dishes"], design: ["设计", "design"], rubric: ["量表", "rubric"],
    judge: ["评审", "judge"], scores: ["各维度", "dimensions"], total: ["总分", "total"], reason: ["理由", "rationale"], edits: ["由此条改出的对照与植错", "controls and planted errors made from this item"],
    sample: ["参考回答", "reference answer"], completion: ["学生回答", "student answer"], base: ["原始模型", "base"], tuned: ["微调模型", "tuned"], closed: ["闭卷", "closed"], open: ["开卷", "open"],
    reject: ["被拒的候选", "rejected candidate"], teacher: ["教师（给证据）", "teacher with evidence"], copy: ["照抄最近三家", "copy baseline"], random: ["随机基线", "random baseline"],
    train: ["训练", "train"], seen: ["见过的地点", "seen place"], unseen: ["没见过的街区", "unseen area"], restaurants: ["家餐厅，红色被推荐过", "restaurants, red ones were recommended"], nothing: ["这家店不在证据里", "no such restaurant in the evidence"],
  };
  // Marks that turn, hide or steer text are written out: a name shows what it is made of (factory/shown_text.py's rule).
  const inert = (text) => text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu, (char) => ("\n\t".includes(char) ? char : `\\u${char.codePointAt(0).toString(16).padStart(4, "0")}`));
  const make = (tag, attributes, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) { if (name === "on") { node.addEventListener(...value); } else { node.setAttribute(name, value); } }
    node.append(...children.filter((child) => child !== null && child !== undefined).map((child) => (child instanceof Node ? child : inert(String(child)))));
    return node;
  };
  const both = (key) => { const [zh, en] = WORDS[key]; return make("span", {}, make("span", { class: "zh", lang: "zh-CN" }, zh), make("span", { class: "en", lang: "en" }, en)); };
  const spoken = (key) => (WORDS[key] ? both(key) : key);
  const say = (key) => WORDS[key][root.dataset.lang === "en" ? 1 : 0];

  // --- language and colours ---
  const choices = [];
  const kept = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const keep = (name, value) => { try { localStorage.setItem(name, value); } catch { /* a private window keeps nothing */ } };
  const setLanguage = (language) => {
    root.dataset.lang = language;
    root.lang = language === "en" ? "en" : "zh-CN";
    document.querySelectorAll("[data-set-lang]").forEach((one) => one.setAttribute("aria-pressed", String(one.dataset.setLang === language)));
    choices.forEach((write) => write());
    const search = document.querySelector("#filters input[type=search]");
    if (search) { search.placeholder = say("search"); }
  };
  document.querySelectorAll("[data-set-lang]").forEach((one) => one.addEventListener("click", () => { keep("chidian-lang", one.dataset.setLang); setLanguage(one.dataset.setLang); fill(); }));
  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  // --- one item ---
  const table = (heads, rows) => make("div", { class: "scroll" }, make("table", {}, make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", {}, both(head))))),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((cell) => make("td", {}, cell === null || cell === undefined ? "–" : cell)))))));
  const number = (value) => (value === null || value === undefined ? "–" : Number(value).toFixed(2).replace(/\.?0+$/, ""));
  const marked = (item, names) => {
    // Each claim's words are looked for after the last mention of its restaurant, then anywhere; no two marks overlap.
    const spans = [];
    const free = (from, to) => spans.every((one) => to <= one.from || from >= one.to);
    for (const [poi, kind, stated, truth, status] of item.claims) {
      if (!stated) { continue; }
      const name = names.get(poi);
      const home = name ? Math.max(0, item.a.indexOf(name)) : 0;
      let at = item.a.indexOf(stated, kind === "name" ? 0 : home);
      while (at >= 0 && !free(at, at + stated.length)) { at = item.a.indexOf(stated, at + 1); }
      if (at >= 0) { spans.push({ from: at, to: at + stated.length, status, hint: `${kind}: ${truth ?? ""}` }); }
    }
    spans.sort((one, other) => one.from - other.from);
    const box = make("div", { class: "answer", lang: "zh-CN" });
    let done = 0;
    for (const one of spans) {
      const known = ["verified", "inferable", "unsupported"].includes(one.status) ? one.status : "";
      box.append(item.a.slice(done, one.from), make("mark", { class: `claim ${known}`, style: "color:inherit", title: one.hint }, item.a.slice(one.from, one.to)));
      done = one.to;
    }
    box.append(item.a.slice(done));
    return box;
  };
  const orderOf = (id) => {
    const script = [...document.querySelectorAll("script[data-order]")].find((one) => one.dataset.order === id);
    return script ? JSON.parse(script.textContent) : { evidence: [], trajectory: [] };
  };
  const verdictRow = (one) => {
    const [design, rubric, replicate, judge, marks, total, status, reason, rationale, edit, dose] = one;
    const names = marks.map(([name, value]) => `${root.dataset.lang === "en" ? data.dimensions[name] || name : name} ${number(value)}`).join(" · ");
    const [zh, en] = data.edits[edit] || [edit, edit];
    const what = edit ? `${root.dataset.lang === "en" ? en : zh}${dose ? ` × ${dose}` : ""}` : `${design} #${replicate + 1}`;
    return [what, rubric, judge, status === "scored" ? names : `${status}: ${reason}`, number(total), rationale];
  };
  const opened = (item, body) => {
    const order = orderOf(item.order);
    const names = new Map(order.evidence.map((poi) => [poi[0], poi[1]]));
    const heads = ["design", "rubric", "judge", "scores", "total", "reason"];
    const own = item.verdicts.filter((one) => !one[9]);
    const edits = item.verdicts.filter((one) => one[9]);
    const legend = make("p", { class: "note" }, ...["verified", "inferable", "unsupported"].flatMap((one) => [make("mark", { class: `claim ${one}`, style: "color:inherit" }, both(one)), " "]));
    body.append(make("h3", {}, both("question")), make("div", { class: "answer", lang: "zh-CN" }, item.q), make("h3", {}, both("answer")), marked(item, names), item.claims.length ? legend : "");
    body.append(make("h3", {}, both("verdicts")), table(heads, own.map(verdictRow)));
    if (edits.length) { body.append(make("details", {}, make("summary", {}, both("edits"), ` (${edits.length})`), table(heads, edits.map(verdictRow)))); }
    if (item.measures.length) { body.append(make("h3", {}, both("measures")), table(["fact", "total", "reason"], item.measures.map(([kind, value, detail]) => [kind, number(value), detail]))); }
    if (item.claims.length) {
      body.append(make("details", {}, make("summary", {}, both("claims"), ` (${item.claims.length})`), table(["name", "fact", "stated", "truth", "status"],
        item.claims.map(([poi, kind, stated, truth, status]) => [poi ? names.get(poi) || poi : both("nothing"), kind, stated, truth, WORDS[status] ? both(status) : status]))));
    }
    body.append(make("details", {}, make("summary", {}, both("evidence"), ` (${order.evidence.length})`), table(["name", "cuisine", "address", "rating", "price", "distance", "hours", "dishes"],
      order.evidence.map(([poi, name, cuisine, address, rating, cost, distance, hours, dishes]) => [item.recommended.includes(poi) ? make("b", {}, name) : name, cuisine, address, rating, cost, distance, hours, (dishes || []).join("、")]))));
    body.append(make("details", {}, make("summary", {}, both("trajectory"), ` (${order.trajectory.length})`), ...order.trajectory.map(([role, content, calls]) =>
      make("div", { class: "turn", lang: "zh-CN" }, make("b", {}, role), content || "", ...calls.map(([name, words]) => `\n→ ${name}(${words})`)))));
  };
  const card = (item) => {
    const body = make("div", { class: "body" });
    const tags = [make("span", { class: "tag" }, ...(item.arm ? [spoken(item.arm), " · ", spoken(item.mode)] : [both(item.kind)])), make("span", { class: "tag" }, spoken(item.split))];
    if (!item.feasible) { tags.push(make("span", { class: "tag" }, both("infeasible"))); }
    if (item.gap) { tags.push(make("span", { class: "tag gap" }, both("away"), ` ${number(item.gap)}`)); }
    const scores = [["data", "data"], ["perf", "answer"]].filter(([, rubric]) => item.score[rubric] !== null).flatMap(([word, rubric]) => [both(word), ` ${number(item.score[rubric])} `]);
    const box = make("details", { class: "item", "data-id": item.id }, make("summary", {}, make("span", { class: "head" }, ...tags, `${item.city} ${item.place} · `, ...scores), make("span", { lang: "zh-CN" }, item.q)), body);
    box.addEventListener("toggle", () => { if (box.open && !body.hasChildNodes()) { opened(item, body); } });
    return box;
  };

  // --- filters and pages ---
  const PAGE = 20;
  const state = { words: "", kind: "", split: "", gap: false, unscored: false, page: 0 };
  const kindOf = (item) => `${item.kind}\u0000${item.arm}\u0000${item.mode}`;
  const matches = (item) => (!state.kind || kindOf(item) === state.kind) && (!state.split || item.split === state.split) && (!state.gap || item.gap > 0) &&
    (!state.unscored || item.verdicts.some((one) => one[6] !== "scored")) && (!state.words || `${item.q}\n${item.a}\n${item.place}\n${item.city}\n${item.id}`.includes(state.words));
  const fill = () => {
    const found = data.items.filter(matches);
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    state.page = Math.min(state.page, pages - 1);
    const shown = found.slice(state.page * PAGE, (state.page + 1) * PAGE).map(card);
    document.getElementById("list").replaceChildren(...(shown.length ? shown : [make("p", { class: "none" }, both("none"))]));
    const turn = (by) => ["click", () => { state.page += by; fill(); document.getElementById("browser").scrollIntoView(); }];
    const previous = make("button", { type: "button", on: turn(-1) }, both("prev"));
    const next = make("button", { type: "button", on: turn(1) }, both("next"));
    previous.disabled = state.page === 0; next.disabled = state.page >= pages - 1;
    document.getElementById("pager").replaceChildren(previous, `${state.page + 1} / ${pages} · ${found.length}`, next);
  };
  const choice = (name, values) => {
    const select = make("select", { on: ["change", () => { state[name] = select.value; state.page = 0; fill(); }] },
      make("option", { value: "" }), ...values.map((value) => make("option", { value })));
    // An option holds plain text, so it is written anew in the language that is shown.
    const name_of = (value) => value.split("\u0000").filter(Boolean).map((part) => (WORDS[part] ? say(part) : part)).join(" · ");
    choices.push(() => { select.setAttribute("aria-label", say(name)); [...select.options].forEach((one) => { one.textContent = one.value ? name_of(one.value) : say(name); }); });
    return select;
  };
  const check = (name) => { const box = make("input", { type: "checkbox", on: ["change", () => { state[name] = box.checked; state.page = 0; fill(); }] }); return make("label", {}, box, both(name)); };
  const search = make("input", { type: "search", on: ["input", () => { state.words = search.value.trim(); state.page = 0; fill(); }] });
  const distinct = (key) => [...new Set(data.items.map(key))].sort();
  document.getElementById("filters").append(search, choice("kind", distinct(kindOf)), choice("split", distinct((item) => item.split)), check("gap"), check("unscored"));

  // --- the map around a place ---
  const svg = (tag, attributes, ...children) => { const node = document.createElementNS("http://www.w3.org/2000/svg", tag); for (const [name, value] of Object.entries(attributes)) { node.setAttribute(name, value); } node.append(...children); return node; };
  const around = (index) => {
    const place = data.places[index];
    const reach = Math.max(500, ...place.pois.map(([, east, north]) => Math.hypot(east, north)));
    const scale = 180 / reach;
    const step = reach > 1200 ? 1000 : 500;
    const rings = [];
    for (let metres = step; metres <= reach; metres += step) {
      rings.push(svg("circle", { class: "ring", cx: 200, cy: 200, r: metres * scale }), svg("text", { x: 204, y: 200 - metres * scale - 3 }, `${metres} m`));
    }
    const pois = [...place.pois].sort((one, other) => one[3] - other[3]).map(([name, east, north, times]) =>
      svg("circle", { class: times ? "poi rec" : "poi", cx: 200 + east * scale, cy: 200 - north * scale, r: times ? 3 + Math.sqrt(times) : 2.5 }, svg("title", {}, `${name} · ${times}`)));
    document.getElementById("around").replaceChildren(make("h3", {}, `${place.city} ${place.name}`), make("p", { class: "note" }, `${place.pois.length} `, both("restaurants")),
      svg("svg", { viewBox: "0 0 400 400", role: "img" }, ...rings, ...pois, svg("circle", { class: "here", cx: 200, cy: 200, r: 4 })));
    document.querySelectorAll(".dot").forEach((dot) => dot.classList.toggle("chosen", dot.dataset.place === String(index)));
  };
  document.querySelectorAll(".dot").forEach((dot) => {
    const choose = () => around(Number(dot.dataset.place));
    dot.addEventListener("click", choose);
    dot.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(); } });
  });

  // report.html#lang=en&item=ID opens one item.
  const wanted = new URLSearchParams(location.hash.slice(1));
  const asked = wanted.get("lang") || kept("chidian-lang");
  setLanguage(["zh", "en"].includes(asked) ? asked : navigator.language.startsWith("zh") ? "zh" : "en");
  const show = (id) => {
    Object.assign(state, { words: id, kind: "", split: "", gap: false, unscored: false, page: 0 });
    search.value = id;
    fill();
    const box = [...document.querySelectorAll("details.item")].find((one) => one.dataset.id === id);
    if (box) { box.open = true; box.scrollIntoView(); }
  };
  fill();
  if (wanted.get("item")) { show(wanted.get("item")); }
  addEventListener("hashchange", () => { const id = new URLSearchParams(location.hash.slice(1)).get("item"); if (id) { show(id); } });
  if (data.places.length) { around(0); }
})();
