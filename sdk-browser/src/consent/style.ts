/** Both answers look the same: one rule for both buttons, and no other colour, size or place for either. */
export const STYLE = `
:host { display: none; }
:host([open]) { display: block; position: fixed; inset: auto 0 0 0; z-index: 2147483647; }
[role='dialog'] { box-sizing: border-box; max-width: 46rem; max-height: 90vh; margin: 0 auto; padding: 1rem 1.25rem; overflow: auto;
  font: 1rem/1.45 system-ui, sans-serif; color: CanvasText; background: Canvas; border: 1px solid GrayText; border-radius: 8px 8px 0 0; }
h2 { margin: 0 0 0.5rem; font-size: 1.15rem; }
p { margin: 0 0 0.5rem; }
ul { margin: 0 0 0.75rem; padding-left: 1.25rem; }
.answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)); gap: 0.75rem; }
button { font: inherit; padding: 0.6rem 1rem; color: ButtonText; background: ButtonFace; border: 1px solid ButtonBorder; border-radius: 6px; cursor: pointer; }
button:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
`;
