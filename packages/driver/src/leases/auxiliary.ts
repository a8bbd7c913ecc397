/** Start of the holder of an address that the operator keeps from containers (--aux-address). */
export const AUXILIARY_HOLDER = 'auxiliary address';
