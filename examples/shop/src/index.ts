export { SHOP_RELEASE, startShop, type Shop, type ShopOptions } from './server.js';
export { PAGE_HOSTS, PAGE_PROJECT } from './hosts.js';
export type { Fault } from './faults.js';
