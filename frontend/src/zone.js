// Tells the server in which zone the viewer is: it writes every time, so that pages need no script.
export function keepZone() {
  const zone = encodeURIComponent(Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");
  document.cookie = `largesse_zone=${zone}; path=/; max-age=31536000; samesite=lax`;
}
