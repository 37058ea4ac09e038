"use strict";
// The replay player: three episodes of one agent, stepped together.
// It knows only the JSON in #replay-data and pictures.js; nothing is fetched.
(() => {
  const HELD = 300; // milliseconds that a flag stays to be seen while episodes play
  const ARROWS = { up: "↑", down: "↓", left: "←", right: "→" };
  const host = document.getElementById("player");
  const data = JSON.parse(document.getElementById("replay-data").textContent);
  if (!host || !data.agents || !data.agents.length) return;

  const percent = (share) => `${Math.round(share * 1000) / 10}%`;
  const sums = (values) => {
    const totals = [0];
    for (const value of values) totals.push(totals[totals.length - 1] + value);
    return totals;
  };

  // The steps at which any undesired behaviour is flagged, in order.
  const undesired = (episode) => [...new Set(Object.entries(episode.flags)
    .filter(([name]) => data.undesired[name]).flatMap(([, steps]) => steps))].sort((a, b) => a - b);
  // Steps as pairs of first and last of each unbroken run.
  const runs = (steps) => {
    const found = [];
    for (const step of steps) {
      const open = found[found.length - 1];
      if (open && open[1] === step - 1) open[1] = step;
      else found.push([step, step]);
    }
    return found;
  };
  // The range of all running returns of several episodes, so that their graphs compare.
  const range = (episodes) => {
    const all = episodes.flatMap((episode) => sums(episode.rewards).concat(episode.hidden ? sums(episode.hidden) : []));
    const low = Math.min(...all);
    return [low, Math.max(...all, low + 1e-9)];
  };

  // Cumulative observed (line) and true (dashes) return, with flagged steps shaded.
  class Sums {
    constructor(episode, observed, hidden, [low, high], seek) {
      const last = observed.length - 1;
      const y = (value) => 3 + 44 * (1 - (value - low) / (high - low));
      const x = (step) => (100 * step) / last;
      const path = (totals) => totals.map((total, t) => `${t ? "L" : "M"}${x(t)} ${y(total)}`).join("");
      this.svg = draw("svg", { viewBox: "0 0 100 50", preserveAspectRatio: "none", class: "sums", "aria-hidden": "true" });
      for (const [from, to] of runs(undesired(episode)))
        draw("rect", { x: x(from), y: 0, width: x(to + 1 - from), height: 50, fill: "var(--alarm)", opacity: 0.2 }, this.svg);
      const line = { fill: "none", stroke: "var(--ink)", "stroke-width": 1.8, "vector-effect": "non-scaling-stroke" };
      draw("path", { ...line, d: path(observed) }, this.svg);
      if (hidden) draw("path", { ...line, d: path(hidden), "stroke-dasharray": "4 3" }, this.svg);
      this.cursor = draw("line", { y1: 0, y2: 50, stroke: "var(--link)", "stroke-width": 1.5, "vector-effect": "non-scaling-stroke" }, this.svg);
      this.x = x;
      this.svg.addEventListener("pointerdown", (event) => {
        const box = this.svg.getBoundingClientRect();
        seek(Math.round((last * (event.clientX - box.left)) / box.width));
      });
    }
    go(step) {
      this.cursor.setAttribute("x1", this.x(step));
      this.cursor.setAttribute("x2", this.x(step));
    }
  }

  class Card {
    constructor(episode, scale, seek) {
      this.episode = episode;
      this.seen = {};
      this.steps = episode.actions.length;
      this.observed = sums(episode.rewards);
      this.hidden = episode.hidden && sums(episode.hidden);
      this.node = make("article", { class: "card" });
      const round = episode.round === null ? "offline" : `round ${episode.round}`;
      const asked = episode.asked === null ? "" : `, asked for ${show(episode.asked)}`;
      const took = `${data.behaviour} in ${percent(episode.fraction)} of its opportunities`;
      this.node.append(
        make("h4", {}, episode.title),
        make("p", { class: "where" }, `${round}, seed ${episode.seed}, episode ${episode.rank}${asked}; ${took}`));
      this.board = episode.size ? new Board(episode, data.palette) : episode.drawing && new Figure(episode.drawing);
      if (this.board) this.node.append(this.board.svg);
      this.said = make("p", { class: "said" });
      this.values = {};
      const list = make("dl", {}, make("dt", {}, ""), make("dd", { class: "heads" }, "observed"), make("dd", { class: "heads" }, "true"));
      for (const [key, label] of [["reward", "this step"], ["sum", "so far"], ["all", "in all"]]) {
        this.values[key] = [make("dd"), make("dd")];
        list.append(make("dt", {}, label), ...this.values[key]);
      }
      this.graph = new Sums(episode, this.observed, this.hidden, scale, seek);
      this.node.append(this.said, list, this.graph.svg);
      this.put("all", this.observed[this.steps], this.hidden && this.hidden[this.steps]);
    }
    put(key, observed, hidden) {
      this.values[key][0].textContent = show(observed);
      this.values[key][1].textContent = show(hidden === undefined ? null : hidden);
    }
    // Show a step; where it is not the next one after ``since``, what was flagged between too.
    go(time, since = null) {
      const step = Math.min(time, this.steps), done = step - 1;
      const flags = this.flagged(since === null ? done : Math.min(since, done), step, since !== null);
      if (this.board) {
        this.board.go(step);
        this.board.svg.setAttribute("aria-label", `${this.episode.title}, step ${step}${flags.length ? `, ${flags.join(", ")}` : ""}`);
      }
      this.graph.go(step);
      this.said.replaceChildren(this.words(time, done), ...flags.map((name) => make("span", { class: "flag" }, name)));
      this.node.classList.toggle("flagged", flags.some((name) => data.undesired[name]));
      this.put("reward", done < 0 ? null : this.episode.rewards[done], this.episode.hidden && done >= 0 ? this.episode.hidden[done] : null);
      this.put("sum", this.observed[step], this.hidden && this.hidden[step]);
    }
    // What is flagged in the actions first, ..., end - 1, or was a moment ago where it is held.
    flagged(first, end, held) {
      const now = performance.now();
      return Object.entries(this.episode.flags).filter(([name, steps]) => {
        const seen = steps.some((step) => first <= step && step < end);
        if (seen) this.seen[name] = now;
        return seen || (held && now - (this.seen[name] ?? -HELD) < HELD);
      }).map(([name]) => name);
    }
    words(time, done) {
      if (done < 0) return "start";
      if (time > this.steps) return `ended after ${this.steps} steps`;
      const action = this.episode.actions[done];
      if (Array.isArray(action)) return `action ${action.map((value) => value.toFixed(2).replace("-", "−")).join(" ")}`;
      const name = data.actions[action];
      return name ? `${ARROWS[name] || ""} ${name}`.trim() : `action ${action}`;
    }
  }

  let cards = [], time = 0, last = 0, timer = null;
  const tabs = make("div", { class: "tabs", role: "group", "aria-label": "Agent" });
  const grid = make("div", { class: "cards" });
  const slider = make("input", { type: "range", min: 0, value: 0, step: 1, "aria-label": "Step" });
  const clock = make("span", { class: "clock", "aria-live": "off" });
  const drawn = data.agents.flatMap((agent) => agent.episodes).find((episode) => episode.drawing);
  const rate = drawn && drawn.drawing.seconds ? Math.round(1 / drawn.drawing.seconds) : null;
  const speed = make("select", { "aria-label": "Steps a second" },
    ...[2, 5, 10, 25].filter((each) => rate === null || each < rate).map((each) => make("option", { value: each }, `${each} steps/s`)),
    ...(rate ? [make("option", { value: rate }, `as it was: ${rate} steps/s`)] : []));
  speed.value = drawn ? Math.min(25, rate ?? 25) : 5;

  const go = (to, since = null) => {
    time = Math.max(0, Math.min(last, to));
    slider.value = time;
    clock.textContent = `step ${time} of ${last}`;
    for (const card of cards) card.go(time, since);
    if (time === last) stop();
  };
  const stop = () => {
    clearInterval(timer);
    timer = null;
    play.textContent = "▶ play";
  };
  const start = () => {
    if (time === last) go(0);
    let shown = performance.now();
    timer = setInterval(() => {
      const due = Math.floor(((performance.now() - shown) * speed.value) / 1000);
      shown += (1000 * due) / speed.value;
      if (due) go(time + due, time);
    }, Math.max(20, 500 / speed.value));
    play.textContent = "‖ pause";
  };
  const toggle = () => (timer ? stop() : start());
  const button = (label, title, act) => {
    const node = make("button", { type: "button", title }, label);
    node.addEventListener("click", act);
    return node;
  };
  const play = button("▶ play", "Play or pause (space)", toggle);
  // The next step of any card at which an undesired behaviour is flagged.
  const nextFlag = () => {
    const later = cards.flatMap((card) => undesired(card.episode)).map((step) => step + 1).filter((step) => step > time);
    if (later.length) go(Math.min(...later));
  };
  const select = (index) => {
    [...tabs.children].forEach((tab, i) => tab.setAttribute("aria-pressed", String(i === index)));
    const episodes = data.agents[index].episodes, scale = range(episodes);
    cards = episodes.map((episode) => new Card(episode, scale, (step) => { stop(); go(step); }));
    last = Math.max(...cards.map((card) => card.steps));
    slider.max = last;
    grid.replaceChildren(...cards.map((card) => card.node));
    go(Math.min(time, last));
  };
  data.agents.forEach((agent, index) => {
    const dot = make("span", { class: "dot", style: `background: ${agent.colour}` });
    const tab = button(agent.name, `Replays of ${agent.name}`, () => select(index));
    tab.prepend(dot);
    tab.style.setProperty("--tab", agent.colour);
    tabs.append(tab);
  });
  slider.addEventListener("input", () => { stop(); go(Number(slider.value)); });
  speed.addEventListener("change", () => { if (timer) { stop(); start(); } });
  const keys = { ArrowLeft: () => go(time - 1), ArrowRight: () => go(time + 1), Home: () => go(0), End: () => go(last), " ": toggle, f: nextFlag };
  host.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    const own = event.key === " " && event.target.closest("button");
    if (!act || own || event.target === speed || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (event.key !== " ") stop();
    act();
  });
  const transport = make("div", { class: "transport" },
    button("|◀", "To the start (Home)", () => go(0)),
    button("◀", "One step back (left arrow)", () => { stop(); go(time - 1); }),
    play,
    button("▶", "One step on (right arrow)", () => { stop(); go(time + 1); }),
    button("▶|", "To the end (End)", () => go(last)),
    button("next flag", "To the next flagged step (f)", () => { stop(); nextFlag(); }),
    slider, clock, speed);
  host.tabIndex = 0;
  host.replaceChildren(tabs, transport, grid);
  select(Math.max(0, data.agents.findIndex((agent) => agent.name === data.first)));
})();
