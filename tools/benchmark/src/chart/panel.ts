/** One bar of a panel. */
export interface Bar {
  readonly label: string;
  /** At least 0, in the unit of the panel. */
  readonly value: number;
  /** What is written beside the bar. */
  readonly text: string;
  /** Of the plugin, not of what it is compared with. */
  readonly isOurs: boolean;
}

/** Bars that belong together, such as those of one release of Docker. */
export interface Group {
  readonly title?: string;
  readonly bars: readonly Bar[];
}

/** One question and the bars that answer it. The longest bar of a panel fills its width. */
export interface Panel {
  readonly title: string;
  /** Unit, and whether short or long bars are good. */
  readonly note: string;
  readonly groups: readonly Group[];
}
