// Pages and XML: tags that stand alone. Attributes and text may be anything.
import { Tokenizer } from 'htmlparser2';
import { type FaultReader, TEMPLATE_SIGNS, type TextFaults } from './faultReaders';
import { LONGEST_TEXT, type OffsetRange } from './types';

/** Elements without an end tag. */
const VOID = wordsOf('area base br col embed hr img input link meta param source track wbr');
/** Elements whose end tag may be left out (HTML Living Standard, 13.1.2). */
const OPEN = wordsOf(
  'body caption colgroup dd dt head html li optgroup option p rb rp rt rtc tbody td tfoot th thead tr',
);
/** Elements that hold another language. */
const FOREIGN = wordsOf('script style');

interface Markup {
  readonly isXml?: boolean;
  /** Whether `Link` is another element than `link`. */
  readonly tellsCase?: boolean;
  /** What is put there by a program before anybody reads the tags. */
  readonly template: RegExp;
}

/** Jinja, Handlebars and Go, PHP, ERB. */
const TEMPLATE = /<[%?]|\{[%#]|\{\{[#/^]|\{\{-?\s*(if|else|end|range|with|define|block|template)\b/;

/** `<br/>` ends an element in HTML, too: Vue's components end so. */
export const HTML_READER = readerOf({ template: TEMPLATE });
export const VUE_READER = readerOf({ tellsCase: true, template: TEMPLATE });
export const XML_READER = readerOf({ isXml: true, tellsCase: true, template: TEMPLATE_SIGNS });

function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}

function readerOf(markup: Markup): FaultReader {
  return {
    faults: (text) => (text.length > LONGEST_TEXT ? undefined : new Tags(text, markup).faults()),
    countsFaults: true,
    template: markup.template,
  };
}

class Tags {
  /** Names of elements that are open, outermost first. */
  private readonly open: string[] = [];
  private name = '';
  /** Where the name of the tag begins that is being read; undefined: none is. */
  private tag: number | undefined;
  private errors = 0;
  private readonly isXml: boolean;
  private readonly tellsCase: boolean;
  private readonly foreign: OffsetRange[] = [];
  private foreignFrom: number | undefined;

  constructor(
    private readonly text: string,
    { isXml = false, tellsCase = false }: Markup,
  ) {
    this.isXml = isXml;
    this.tellsCase = tellsCase;
  }

  faults(): TextFaults {
    const nothing = () => undefined;
    const tokenizer = new Tokenizer(
      { xmlMode: this.isXml, decodeEntities: false, recognizeSelfClosing: true },
      {
        ...{ onattribdata: nothing, onattribend: nothing, onattribentity: nothing, onattribname: nothing },
        ...{ oncdata: nothing, oncomment: nothing, ondeclaration: nothing, onend: nothing },
        ...{ onprocessinginstruction: nothing, ontext: nothing, ontextentity: nothing },
        onopentagname: (start, end) => {
          this.tag = start;
          this.name = this.nameAt(start, end);
        },
        onopentagend: (end) => this.begin(end),
        onselfclosingtag: () => {
          this.tag = undefined;
        },
        onclosetag: (start, end) => this.close(this.nameAt(start, end), start),
      },
    );
    tokenizer.write(this.text);
    tokenizer.end();
    // A tag that never ends, as where a quote is missing, takes in the rest.
    const unended = this.tag === undefined ? 0 : 1;
    return {
      errors: this.errors + unended + this.open.filter((name) => !this.mayStayOpen(name)).length,
      declaredTwice: 0,
      foreign: this.foreign,
    };
  }

  private nameAt(start: number, end: number): string {
    const name = this.text.slice(start, end);
    return this.tellsCase ? name : name.toLowerCase();
  }

  private mayStayOpen(name: string): boolean {
    return !this.isXml && OPEN.has(name);
  }

  private begin(end: number): void {
    this.tag = undefined;
    if (!this.isXml && VOID.has(this.name)) return;
    this.open.push(this.name);
    if (!this.isXml && FOREIGN.has(this.name)) this.foreignFrom = end + 1;
  }

  private close(name: string, at: number): void {
    const index = this.open.lastIndexOf(name);
    if (index < 0) {
      this.errors++;
      return;
    }
    this.errors += this.open.slice(index + 1).filter((one) => !this.mayStayOpen(one)).length;
    this.open.length = index;
    if (FOREIGN.has(name) && this.foreignFrom !== undefined) {
      this.foreign.push({ start: this.foreignFrom, end: at });
      this.foreignFrom = undefined;
    }
  }
}
