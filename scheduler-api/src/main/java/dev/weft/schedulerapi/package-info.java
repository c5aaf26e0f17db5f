/** The types that cross a module seam or that users implement: requests, plans, policies, ports. */
package dev.weft.schedulerapi;
