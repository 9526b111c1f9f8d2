// Where there is JavaScript, what a page shows is kept as it is now: its parts with data-live are taken anew when told to.
const source = new EventSource(document.currentScript.dataset.events);
source.onmessage = async () => {
  const answer = await fetch(location.href, { headers: { "X-By-Itself": "1" } });
  if (!answer.ok || answer.redirected) { source.close(); location.reload(); return; }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(part.id);
    if (fresh && !part.contains(document.activeElement)) part.innerHTML = fresh.innerHTML;
  }
};
