// A page that comes back from the browser's memory must not open the same consultation again.
const form = document.querySelector("#open");

function freshRequestId() {
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  form.elements.request_id.value = Array.from(bytes, (byte) => byte.toString(16)).join("");
}

window.addEventListener("pageshow", (event) => {
  if (form && event.persisted) freshRequestId();
});
