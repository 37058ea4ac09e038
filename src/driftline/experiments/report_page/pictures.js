"use strict";
// Pictures of an episode, step by step: a board of codes, or a body as lines.
// They know one episode and no player.
const CODES = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const SVG = "http://www.w3.org/2000/svg";

const make = (name, attributes = {}, ...children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
};
const draw = (name, attributes = {}, parent = null) => {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (parent) parent.append(node);
  return node;
};
const show = (value) =>
  value === null ? "–" : String(Number(value.toPrecision(Math.abs(value) < 1 ? 2 : 4))).replace("-", "−");
// Every board of an episode, rebuilt from the first and what changed.
const boards = (episode) => {
  const frames = [Array.from(episode.first, (character) => CODES.indexOf(character))];
  for (const change of episode.changes) {
    const frame = frames[frames.length - 1].slice();
    for (let i = 0; i < change.length; i += 2) frame[change[i]] = change[i + 1];
    frames.push(frame);
  }
  return frames;
};

const ink = ([red, green, blue]) =>
  0.299 * red + 0.587 * green + 0.114 * blue > 128 ? "#000" : "#fff";

class Board {
  constructor(episode, palette) {
    const [height, width] = episode.size;
    this.palette = palette;
    this.frames = boards(episode);
    this.svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, class: "board", role: "img" });
    this.cells = this.frames[0].map((_, index) => {
      const x = index % width, y = Math.floor(index / width);
      const tile = draw("rect", { x, y, width: 1.01, height: 1.01 }, this.svg);
      const letter = draw("text", {
        x: x + 0.5, y: y + 0.5, "text-anchor": "middle", "dominant-baseline": "central",
        "font-size": 0.55, "font-weight": 600,
      }, this.svg);
      return [tile, letter];
    });
    this.shown = this.frames[0].map(() => -1);
  }
  go(step) {
    this.frames[step].forEach((code, index) => {
      if (code === this.shown[index]) return;
      this.shown[index] = code;
      const [tile, letter] = this.cells[index];
      const colour = this.palette.colours[code] || [128, 128, 128];
      tile.setAttribute("fill", `rgb(${colour.join(",")})`);
      const character = this.palette.characters[code] || "?";
      letter.textContent = character === "#" || character === " " ? "" : character;
      letter.setAttribute("fill", ink(colour));
    });
  }
}

// Numbers as they lie in memory, little-endian, in base 64.
const unpacked = (text, Kind) =>
  new Kind(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer);

// A body as lines in a plane, metres; the ground goes by below what is followed.
class Figure {
  constructor(drawing) {
    this.drawing = drawing;
    this.places = unpacked(drawing.places, Int16Array);
    this.follows = drawing.follows && unpacked(drawing.follows, Int32Array);
    const [width, height] = drawing.window, [x, y] = drawing.middle;
    const left = x - width / 2, top = -y - height / 2;
    this.svg = draw("svg", { viewBox: `${left} ${top} ${width} ${height}`, class: "board drawing", role: "img" });
    draw("rect", { x: left, y: top, width, height, class: "sky" }, this.svg);
    if (this.follows) this.lay(left, width, height);
    for (const [thick, part, ...points] of drawing.still) {
      const path = points.map((value, i) => (i % 2 ? -value : value)).join(" ");
      draw("polyline", { points: path, class: part, "stroke-width": thick, fill: "none" }, this.svg);
    }
    this.lines = drawing.links.map(([, , thick, part]) =>
      draw("line", { class: part, "stroke-width": thick, "stroke-linecap": "round" }, this.svg));
  }
  // The ground, with a mark and a number every metre.
  lay(left, width, height) {
    draw("rect", { x: left, y: -this.drawing.depth, width, height, class: "earth" }, this.svg);
    this.marks = draw("g", { class: "marks" }, this.svg);
    this.numbers = [];
    for (let metre = Math.floor(left) - 1; metre <= left + width + 1; metre++) {
      draw("line", { x1: metre, x2: metre, y1: 0, y2: 0.05, "stroke-width": 0.02 }, this.marks);
      const number = draw("text", { x: metre, y: 0.17, "text-anchor": "middle", "font-size": 0.11 }, this.marks);
      this.numbers.push([number, metre]);
    }
  }
  go(step) {
    const { points, links } = this.drawing;
    if (this.follows) {
      const at = this.follows[step] / 1000, whole = Math.floor(at);
      this.marks.setAttribute("transform", `translate(${whole - at} 0)`);
      for (const [number, metre] of this.numbers) number.textContent = `${show(whole + metre)} m`;
    }
    const place = (point, axis) => this.places[(step * points + point) * 2 + axis] / 1000;
    links.forEach(([first, second], k) => {
      const ends = { x1: place(first, 0), y1: -place(first, 1), x2: place(second, 0), y2: -place(second, 1) };
      for (const [name, value] of Object.entries(ends)) this.lines[k].setAttribute(name, value);
    });
  }
}
