/** Draft lengths under modelled step times, with acceptance as it was recorded. */
package dev.weft.simulator.speculation;
