/** Travels in every report; a test holds it equal to the packages' version. */
export const SDK_VERSION = '0.1.0';
/** Raised whenever the same evidence would be diagnosed differently. */
export const DIAGNOSIS_VERSION = 1;
