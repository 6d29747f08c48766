#!/bin/sh
exec bwrap --ro-bind /usr "/usr
