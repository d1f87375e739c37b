/* SPDX-License-Identifier: Apache-2.0 */
/* A hook that does nothing: what a runtime pays for having hooks at all. */
int main(void)
{
	return 0;
}
