/** One line of values.yaml that sets something. */
interface Setting {
  path: string;
  /** As it stands there; empty where what follows is deeper. */
  text: string;
  about: string;
}

/** The settings of values.yaml as a table: each with its default and with the comment that stands before it. */
export function valuesTable(yaml: string): string {
  const rows = settingsOf(yaml)
    .filter(({ about }) => about !== '')
    .map(({ path, text, about }) => `| \`${path}\` | ${text ? `\`${text}\`` : ''} | ${about} |`);
  return ['| value | default | meaning |', '| --- | --- | --- |', ...rows, ''].join('\n');
}

/** Settings without a comment are told by one above them, or are an error that the test finds. */
export function undocumented(yaml: string): string[] {
  const settings = settingsOf(yaml);
  const told = settings.filter(({ about }) => about !== '').map(({ path }) => path);
  return settings
    .filter(({ text }) => text !== '')
    .map(({ path }) => path)
    .filter((path) => !told.some((one) => path === one || path.startsWith(`${one}.`)));
}

function settingsOf(yaml: string): Setting[] {
  const settings: Setting[] = [];
  const open: string[] = [];
  let comment: string[] = [];
  for (const line of yaml.split('\n')) {
    const [, indent, about, name, text] = /^( *)(?:# ?(.*)|([A-Za-z0-9]+):(?: +(.*))?)$/.exec(line) ?? [];
    if (about !== undefined) comment.push(about);
    else if (name !== undefined) {
      open.length = indent!.length / 2;
      open.push(name);
      settings.push({ path: open.join('.'), text: text ?? '', about: comment.join(' ') });
      comment = [];
    } else comment = [];
  }
  return settings;
}
