import { NO_SETTINGS } from '../../kinds/none.ts';
import type { Codecs } from '../codec.ts';
import type { ClassKinds, QdiscKinds } from '../qdisc-settings.ts';
import { FQ, FQ_CODEL } from './fair.ts';
import { BFIFO, PFIFO } from './fifo.ts';
import { HTB, HTB_CLASS } from './htb.ts';
import { NETEM } from './netem.ts';
import { TBF } from './tbf.ts';

export const QDISC_KINDS: Codecs<QdiscKinds> = {
  bfifo: BFIFO,
  clsact: NO_SETTINGS,
  fq: FQ,
  fq_codel: FQ_CODEL,
  htb: HTB,
  ingress: NO_SETTINGS,
  netem: NETEM,
  pfifo: PFIFO,
  tbf: TBF,
};

export const CLASS_KINDS: Codecs<ClassKinds> = { htb: HTB_CLASS };
