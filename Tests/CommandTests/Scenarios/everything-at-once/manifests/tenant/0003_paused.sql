ALTER TYPE "public"."state" ADD VALUE 'paused';
