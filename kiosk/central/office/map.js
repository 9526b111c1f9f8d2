// Where there is JavaScript, and Leaflet: the map can be moved. What lies together is one mark, with how many there are.
const ground = document.getElementById("ground"), said = ground.dataset, words = JSON.parse(said.words);
const KINDS = ["well", "waiting", "faulty", "silent"]; // the worst last, as in the drawing
const APART = 48, NEAREST = 18; // pixels within which stations are one mark; the zoom at which each is one of its own

const text = (value) => { const it = document.createElement("span"); it.textContent = value; return it.innerHTML; };
const shape = (kind) => document.querySelector(`#drawn defs #${kind}`).innerHTML;
const worst = (stations) => KINDS[Math.max(...stations.map((each) => KINDS.indexOf(each.kind)))];

function told(stations) {
  const counts = KINDS.map((kind) => [kind, stations.filter((each) => each.kind === kind).length]).reverse();
  const parts = counts.filter(([, count]) => count).map(([kind, count]) => `${words[kind]}: ${count}`);
  return `${words.all.replace("{count}", stations.length)} · ${parts.join(" · ")}`;
}

// Each within so many pixels of the first of its group, so that no two marks lie closer to each other than that.
function gathered(map, zoom, stations) {
  const groups = [];
  for (const each of stations) {
    const spot = map.project(each.at, zoom);
    const found = zoom < NEAREST && groups.find((group) => spot.distanceTo(group.spot) < APART);
    if (found) found.stations.push(each);
    else groups.push({ spot, at: each.at, stations: [each] });
  }
  return groups;
}

function mark(at, html, label, size, act) {
  const icon = L.divIcon({ html, className: "mark", iconSize: [size, size] });
  const found = L.marker(at, { icon, title: label }).on("click", act);
  return found.on("add", () => {
    found.getElement().setAttribute("role", "link");
    found.getElement().setAttribute("aria-label", label);
    found.getElement().addEventListener("keydown", (pressed) => { if (pressed.key === "Enter") act(); });
  });
}

function single(each) {
  const label = [each.code, each.name, words[each.kind]].filter(Boolean).join(" · ");
  const html = `<svg viewBox="-8 -8 16 16" aria-hidden="true">${shape(each.kind)}</svg>`;
  return mark(each.at, html, label, 24, () => location.assign(said.to + encodeURIComponent(each.code)));
}

function many(map, { at, stations }) {
  const bounds = L.latLngBounds(stations.map((each) => each.at));
  const html = `<span class="many-in-one ${worst(stations)}">${stations.length}</span>`;
  return mark(at, html, told(stations), 40, () => {
    map.fitBounds(bounds, { maxZoom: NEAREST, padding: [40, 40], animate: false });
    map.getContainer().focus();
  });
}

function shown(stations, labels) {
  document.getElementById("drawn").hidden = true;
  ground.hidden = false;
  const map = L.map(ground, { zoomControl: false, maxZoom: 19, zoomSnap: 0.5, fadeAnimation: false });
  L.control.zoom({ zoomInTitle: said.in, zoomOutTitle: said.out }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  map.attributionControl.setPrefix("");
  if (said.tiles) L.tileLayer(said.tiles, { attribution: text(said.attribution), maxZoom: 19 }).addTo(map);
  const marks = L.layerGroup().addTo(map), names = L.layerGroup().addTo(map);
  for (const [name, latitude, longitude] of labels) {
    const icon = L.divIcon({ html: text(name), className: "part", iconSize: null });
    L.marker([latitude, longitude], { icon, interactive: false, keyboard: false, zIndexOffset: 1000 }).addTo(names);
  }
  const groups = new Map(); // by zoom
  map.on("moveend", () => {
    const zoom = map.getZoom(), seen = map.getBounds().pad(0.25);
    if (!groups.has(zoom)) groups.set(zoom, gathered(map, zoom, stations));
    marks.clearLayers();
    for (const each of groups.get(zoom)) {
      if (seen.contains(each.at)) marks.addLayer(each.stations.length > 1 ? many(map, each) : single(each.stations[0]));
    }
  });
  map.fitBounds(L.latLngBounds(stations.map((each) => each.at)), { maxZoom: 14, padding: [20, 20], animate: false });
}

const asked = await fetch(said.stations, { headers: { "X-By-Itself": "1" } });
if (asked.ok && !asked.redirected) {
  const { stations, labels } = await asked.json();
  shown(stations.map(([code, latitude, longitude, kind, name]) => ({ code, at: L.latLng(latitude, longitude), kind, name })), labels);
}
