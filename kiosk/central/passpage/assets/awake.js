// The screen stays on while a code is shown, where the browser can do that (Screen Wake Lock); else it does not.

let lock = null;

export async function awake(wanted) {
  if (!wanted) {
    if (lock) lock.release();
    lock = null;
    return;
  }
  if ((lock && !lock.released) || !navigator.wakeLock) return;
  try {
    lock = await navigator.wakeLock.request("screen");
  } catch {
    lock = null; // a page in the background, or a battery that is nearly empty
  }
}
