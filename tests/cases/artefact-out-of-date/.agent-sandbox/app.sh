#!/bin/sh
exec bwrap
