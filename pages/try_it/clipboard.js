// Pictures from the clipboard: by Ctrl+V anywhere on the page, or by the button where the browser lets a page read it. The
// uploader takes a pasted picture only while it is focused, which no user would guess.

function listen(root) {
  const says = root.querySelector("span");

  async function take(files) {
    const pictures = [...files].filter((file) => file.type.startsWith("image/"));
    if (!pictures.length) {
      says.textContent = "There is no picture in the clipboard.";
      return;
    }
    const large = pictures.find((file) => file.size > root.largest);
    if (large) {
      says.textContent = `The pasted picture has more than ${root.largest >> 20} MB, the most that is taken.`;
      return;
    }
    says.textContent = "";
    root.send(
      await Promise.all(
        pictures.map(async (file) => {
          const url = await new Promise((done) => {
            const reader = new FileReader();
            reader.onload = () => done(reader.result);
            reader.readAsDataURL(file);
          });
          return url.slice(url.indexOf(",") + 1);
        }),
      ),
    );
  }

  function pasted(event) {
    if (!root.isConnected) return document.removeEventListener("paste", pasted);
    const inside = event.composedPath().some((node) => node.matches?.("input, textarea, [data-testid=stFileUploader]"));
    if (inside || event.defaultPrevented || !event.clipboardData.files.length) return;
    event.preventDefault();
    take(event.clipboardData.files);
  }

  document.addEventListener("paste", pasted);
  root.querySelector("button").onclick = async () => {
    try {
      const items = await navigator.clipboard.read();
      const kinds = items.map((item) => [item, item.types.find((type) => type.startsWith("image/"))]);
      take(await Promise.all(kinds.filter(([, type]) => type).map(([item, type]) => item.getType(type))));
    } catch {
      says.textContent = "The browser does not let this page read the clipboard; press Ctrl+V instead.";
    }
  };
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".clipboard");
  root.largest = data.largest;
  root.send = (pictures) => setTriggerValue("pasted", pictures);
  if (!root.listening) listen(root);
  root.listening = true;
}
