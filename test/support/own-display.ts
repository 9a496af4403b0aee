/**
 * Setup file: each worker has a display of its own, of those that `npm test` started, so that no other
 * file's windows cover its own or take the focus.
 */
const displays = process.env.TINYPLACE_TEST_DISPLAYS?.split(" ") ?? [];
const own = displays[Number(process.env.VITEST_POOL_ID) - 1];
if (own) process.env.DISPLAY = own;
