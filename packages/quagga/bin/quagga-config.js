#!/usr/bin/env node
// A file of the repository, so that npm finds it, and links to it, before the first build.
import '../dist/main.js';
