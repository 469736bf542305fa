// <slice-viewer volume="URL" map="URL" low="-1350" high="150" unit="HU">: a scan in three planes.
//
// Both addresses are NIfTI files of this server (see nifti.js); `map` may be absent. `unit` is what
// the values are: HU, CT number, 0-255 or grey. The corners of the map are those of the volume.

import {millimetres, range, read} from './nifti.js';
import {PLANES, draw, greys, heat, turn} from './plane.js';

const CT = {Lung: [-1350, 150], 'Soft tissue': [-160, 240]};
const WATER_OF_CT_NUMBERS = 1024;
const WINDOWS = {
  HU: CT,
  'CT number': Object.fromEntries(Object.entries(CT).map(([name, ends]) => [name, ends.map((end) => end + WATER_OF_CT_NUMBERS)])),
  '0-255': {'0 to 255': [0, 255]},
};
const FULL = 'Full range';
const UNITS = {HU: ' HU', 'CT number': ' (CT number)'};
const OWN = 'Own';
const AXES = [0, 1, 2];

function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element && !name.includes('-')) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

async function fetched(url, signal) {
  const answer = await fetch(url, {signal});
  if (answer.ok) return answer;
  const plain = (answer.headers.get('content-type') || '').startsWith('text/plain');
  throw new Error(plain ? await answer.text() : `The server answered ${answer.status}; reload the page.`);
}

class SliceViewer extends HTMLElement {
  connectedCallback() {
    if (this.stop) return;
    style();
    this.stop = new AbortController();
    this.told = make('p', {className: 'told', role: 'status'}, 'Loading the voxels …');
    this.replaceChildren(this.told);
    this.show().catch((error) => this.fail(error));
  }

  disconnectedCallback() {
    this.stop.abort();
  }

  async show() {
    const answer = await fetched(this.getAttribute('volume'), this.stop.signal);
    this.volume = read(await answer.arrayBuffer());
    this.at = this.volume.shape.map((count) => Math.floor(count / 2));
    this.moved = false;
    this.planes = PLANES.slice(0, this.volume.shape[2] === 1 ? 1 : 3).map((plane) => this.plane(plane));
    this.place = make('p', {className: 'place'});
    this.replaceChildren(
      make('div', {className: 'planes'}, ...this.planes.map((one) => one.figure)),
      this.place, this.window(), this.told, ...this.notes(),
    );
    this.look();
    this.told.textContent = '';
    this.setAttribute('state', 'shown');
    if (this.getAttribute('map')) await this.addMap();
  }

  fail(error) {
    if (error.name === 'AbortError') return;
    this.told.setAttribute('role', 'alert');
    this.told.textContent = this.volume ? error.message : `The picture cannot be shown. ${error.message}`;
    this.setAttribute('state', this.volume ? 'shown' : 'failed');
    this.setAttribute('map-state', 'failed');
  }

  // What is not known of the volume.
  notes() {
    const found = [];
    if (!this.volume.oriented) found.push('The files do not say how the patient lies in the picture, so that it has no marks of right and left.');
    if (!this.volume.toScale) found.push('The distances of the voxels are not known: proportions are not to scale.');
    return found.map((text) => make('p', {className: 'note'}, text));
  }

  // A plane: the picture, the map over it, lines of the other cuts, marks and a slider.
  plane(plane) {
    const {volume} = this;
    const axes = [plane.across, plane.down];
    const [wide, high] = axes.map((axis) => volume.shape[axis] * volume.spacing[axis]);
    const canvas = make('canvas', {role: 'img', 'aria-label': `${plane.name} plane, seen ${plane.seen}`});
    const over = make('canvas', {className: 'over', 'aria-hidden': 'true'});
    const lines = ['across', 'down'].map((name) => make('i', {className: `line ${name}`, 'aria-hidden': 'true'}));
    const marks = volume.oriented ? plane.marks.map((text, side) => make('b', {className: `mark side${side}`, 'aria-hidden': 'true'}, text)) : [];
    const view = make('div', {className: 'view'}, canvas, over, ...(volume.shape[2] > 1 ? lines : []), ...marks);
    view.style.aspectRatio = `${wide} / ${high}`;
    const one = {...plane, canvas, over, lines, view};
    one.figure = make('figure', {}, view);
    one.figure.style.flexGrow = wide / high;
    one.figure.style.setProperty('--proportion', wide / high);
    if (volume.shape[2] > 1) one.figure.append(this.slider(one));
    this.listen(one);
    return one;
  }

  slider(one) {
    const last = this.volume.shape[one.through] - 1;
    one.number = make('span');
    one.range = make('input', {type: 'range', min: 0, max: last, step: 1});
    one.range.addEventListener('input', () => this.move({[one.through]: Number(one.range.value)}));
    return make('label', {}, make('span', {}, `${one.name} slice `, one.number), one.range);
  }

  listen(one) {
    let turned = 0;
    one.view.addEventListener('wheel', (event) => {
      if (!one.range || event.ctrlKey) return;
      event.preventDefault();
      turned += event.deltaMode ? event.deltaY * 40 : event.deltaY;
      const steps = Math.trunc(turned / 40);
      turned -= steps * 40;
      if (steps) this.move({[one.through]: this.at[one.through] - steps});
    }, {passive: false});
    one.view.addEventListener('pointermove', (event) => {
      if (event.buttons & 1) this.move(this.under(one, event));
      else this.tell({...this.at, ...this.under(one, event)});
    });
    one.view.addEventListener('pointerdown', (event) => {
      if (event.button) return;
      this.move(this.under(one, event));
      one.range?.focus({preventScroll: true});
      event.preventDefault();
    });
    one.view.addEventListener('pointerleave', () => this.tell(this.at));
  }

  // The voxel below the pointer, as the two axes of a plane.
  under(one, event) {
    const box = one.view.getBoundingClientRect();
    const shares = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    return Object.fromEntries([one.across, one.down].map((axis, number) => {
      const count = this.volume.shape[axis];
      const pixel = Math.min(count - 1, Math.max(0, Math.floor(shares[number] * count)));
      return [axis, turn(this.volume, axis, number === 1, pixel)];
    }));
  }

  move(change) {
    this.moved = true;
    for (const [axis, to] of Object.entries(change)) {
      this.at[axis] = Math.min(this.volume.shape[axis] - 1, Math.max(0, to));
    }
    this.look(Object.keys(change).map(Number));
  }

  // Draw what changed: the planes through the axes that moved, and the lines of all.
  look(moved = AXES) {
    for (const one of this.planes) {
      const slice = this.at[one.through];
      if (moved.includes(one.through)) {
        draw(one.canvas, this.volume, one, {slice, ...this.grey()});
        this.cover(one);
      }
      one.lines.forEach((line, number) => this.line(line, number ? one.across : one.down, !number));
      if (!one.range) continue;
      one.range.value = slice;
      one.number.textContent = `${slice + 1} of ${this.volume.shape[one.through]}`;
      one.range.setAttribute('aria-valuetext', one.number.textContent);
    }
    this.tell(this.at);
  }

  line(line, axis, vertical) {
    const share = (turn(this.volume, axis, vertical, this.at[axis]) + 0.5) / this.volume.shape[axis];
    line.style[vertical ? 'top' : 'left'] = `${100 * share}%`;
  }

  grey() {
    if (!this.levels) this.levels = greys(this.volume, ...this.limits);
    return this.levels;
  }

  tell(at) {
    const {volume} = this;
    const value = volume.voxels[AXES.reduce((sum, axis) => sum + at[axis] * volume.strides[axis], 0)];
    const unit = UNITS[this.getAttribute('unit')] || '';
    const names = ['column', 'row', 'slice'].slice(0, volume.shape[2] > 1 ? 3 : 2);
    const parts = [names.map((name, axis) => `${name} ${at[axis] + 1}`).join(', ')];
    if (volume.oriented) {
      const ends = ['RL', 'AP', 'IS'];
      const places = millimetres(volume, at).map((mm, axis) => `${ends[axis][mm < 0 ? 0 : 1]} ${Math.abs(mm).toFixed(1)}`);
      parts.push(`${places.join(', ')} mm`);
    }
    parts.push(`value ${value}${unit}`);
    if (this.map) parts.push(`map ${(this.mapValue(at) / 255).toFixed(2)} of its maximum`);
    this.place.textContent = parts.join(' · ');
  }

  // The window: presets, level and width.
  window() {
    this.limits = ['low', 'high'].map((name) => Number(this.getAttribute(name)));
    if (!(this.limits[1] > this.limits[0])) this.limits = this.full();
    this.presets = {...WINDOWS[this.getAttribute('unit')], [FULL]: null};
    const names = [...Object.keys(this.presets), OWN];
    this.preset = make('select', {}, ...names.map((name) => make('option', {value: name}, name)));
    this.level = make('input', {type: 'number', step: 'any'});
    this.width = make('input', {type: 'number', step: 'any', min: 1});
    this.preset.addEventListener('change', () => {
      if (this.preset.value !== OWN) this.see(this.presets[this.preset.value] || this.full());
    });
    for (const input of [this.level, this.width]) {
      input.addEventListener('change', () => {
        const half = Math.max(1, Number(this.width.value) || 1) / 2;
        this.see([Number(this.level.value) - half, Number(this.level.value) + half]);
      });
    }
    const unit = UNITS[this.getAttribute('unit')] || '';
    this.controls = make('div', {className: 'controls'}, make('label', {}, 'Window', this.preset), make('label', {}, `Level${unit}`, this.level), make('label', {}, `Width${unit}`, this.width));
    this.write();
    return this.controls;
  }

  full() {
    const [low, high] = (this.extent = this.extent || range(this.volume));
    return [low, Math.max(high, low + 1)];
  }

  see(limits) {
    this.limits = limits;
    this.levels = null;
    this.write();
    this.look();
  }

  write() {
    const [low, high] = this.limits;
    this.level.value = (low + high) / 2;
    this.width.value = high - low;
    const same = (ends) => ends && ends[0] === low && ends[1] === high;
    const known = Object.keys(this.presets).find((name) => same(this.presets[name] || this.extent));
    this.preset.value = known || OWN;
  }

  // The map: fetched when the picture is there, for it may take a while.
  async addMap() {
    this.told.textContent = 'The map is being made; this takes some seconds …';
    const answer = await fetched(this.getAttribute('map'), this.stop.signal);
    this.map = read(await answer.arrayBuffer());
    this.colours = heat(answer.headers.get('x-against') === 'yes');
    this.told.textContent = decodeURIComponent(answer.headers.get('x-caption') || '');
    const shown = make('input', {type: 'checkbox', checked: true});
    const opacity = make('input', {type: 'range', min: 0, max: 1, step: 0.05, value: 0.7});
    const peak = make('button', {type: 'button'}, 'Go to its maximum');
    const see = () => this.style.setProperty('--opacity', shown.checked ? opacity.value : 0);
    shown.addEventListener('change', see);
    opacity.addEventListener('input', see);
    peak.addEventListener('click', () => this.toPeak());
    this.controls.append(make('label', {className: 'inline'}, shown, 'Map'), make('label', {}, 'Opacity of the map', opacity), peak);
    see();
    if (this.moved) this.look();
    else this.toPeak();
    this.setAttribute('map-state', 'shown');
  }

  toPeak() {
    const {voxels, shape} = this.map;
    const peak = voxels.reduce((best, value, at) => (value > voxels[best] ? at : best), 0);
    const at = [peak % shape[0], Math.floor(peak / shape[0]) % shape[1], Math.floor(peak / shape[0] / shape[1])];
    this.move(Object.fromEntries(AXES.map((axis) => [axis, Math.floor(((at[axis] + 0.5) / shape[axis]) * this.volume.shape[axis])])));
  }

  // The voxel of the map that lies over one of the volume.
  onMap(axis, at) {
    return Math.floor(((at + 0.5) / this.volume.shape[axis]) * this.map.shape[axis]);
  }

  mapValue(at) {
    return this.map.voxels[AXES.reduce((sum, axis) => sum + this.onMap(axis, at[axis]) * this.map.strides[axis], 0)];
  }

  cover(one) {
    if (!this.map) return;
    const slice = this.onMap(one.through, this.at[one.through]);
    draw(one.over, this.map, one, {slice, ...this.colours});
  }
}

function style() {
  const href = new URL('viewer.css', import.meta.url).href;
  if ([...document.styleSheets].some((sheet) => sheet.href === href)) return;
  document.head.append(make('link', {rel: 'stylesheet', href}));
}

customElements.define('slice-viewer', SliceViewer);
