/** Parts of a run, of equal length, that the plots of its summary show one by one. */
export const SLICES = 40;
