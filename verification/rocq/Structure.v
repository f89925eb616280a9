(* Unit structures: weights with output I_K, and what relu does to scaled, zero and block matrices. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* A unit structure: weights whose output, for one sample a class, is the identity. Its cost is the product of the
   squared norms; that of DNC is K^(L+1). *)
Section Unit.
Variables (R : rcfType) (K L : nat) (d : nat -> nat).
Variables (X : 'M[R]_(d 0%N, K)) (W : forall l, 'M[R]_(d l.+1, d l)) (V : 'M[R]_(K, d L.-1)).
Definition unit_structure := V *m feature W X L.-1 = 1%:M.
Definition cost : R := sqnorm X * \prod_(l < L.-1) sqnorm (W l) * sqnorm V.
End Unit.

Section Tools.
Variable R : rcfType.
Notation sq := (@sqnorm R _ _).

Lemma reluZ m n a (A : 'M[R]_(m, n)) : 0 <= a -> relu (a *: A) = a *: relu A.
Proof. by move=> a0; apply/matrixP => i j; rewrite !mxE maxr_pmulr // mulr0. Qed.
Lemma relu0 m n : relu (0 : 'M[R]_(m, n)) = 0.
Proof. by rewrite -(scale0r 0) reluZ // !scale0r. Qed.
Lemma relu_map m n (A : 'M[R]_(m, n)) : relu A = map_mx (Num.max 0) A.
Proof. by apply/matrixP => i j; rewrite !mxE. Qed.
Lemma relu_block m1 m2 n1 n2 (A : 'M[R]_(m1, n1)) (B : 'M[R]_(m2, n2)) :
  relu (block_mx A 0 0 B) = block_mx (relu A) 0 0 (relu B).
Proof. by rewrite relu_map map_block_mx -!relu_map !relu0. Qed.
Lemma relu_pid m n r : relu (pid_mx r : 'M[R]_(m, n)) = pid_mx r.
Proof. by apply/matrixP => i j; rewrite !mxE max_r // ler0n. Qed.
Lemma relu1 n : relu (1%:M : 'M[R]_n) = 1%:M.
Proof. by rewrite -pid_mx_1 relu_pid. Qed.
Lemma relu_ge0 m n (A : 'M[R]_(m, n)) : (forall i j, 0 <= A i j) -> relu A = A.
Proof. by move=> h; apply/matrixP => i j; rewrite !mxE max_r. Qed.
Lemma sq_block m1 m2 n1 n2 (A : 'M[R]_(m1, n1)) (B : 'M[R]_(m2, n2)) :
  sq (block_mx A 0 0 B) = sq A + sq B.
Proof.
rewrite /sqnorm big_split_ord /=; congr (_ + _); apply: eq_bigr => i _; rewrite big_split_ord /=.
  rewrite [X in _ + X]big1 ?addr0 => [|j _]; last by rewrite block_mxEur mxE expr0n.
  by apply: eq_bigr => j _; rewrite block_mxEul.
rewrite [X in X + _]big1 ?add0r => [|j _]; last by rewrite block_mxEdl mxE expr0n.
by apply: eq_bigr => j _; rewrite block_mxEdr.
Qed.
Lemma tr_pid n r : (r <= n)%N -> \tr (pid_mx r : 'M[R]_n) = r%:R.
Proof.
move=> rn; rewrite /mxtrace (eq_bigr (fun i : 'I_n => (if (i < r)%N then 1 else 0 : R))) => [|i _].
  by rewrite -big_mkcond -(big_ord_widen n (fun=> 1)) // sumr_const card_ord.
by rewrite mxE eqxx; case: (_ < _)%N.
Qed.
Lemma sq_pid m n r : (r <= m)%N -> (r <= n)%N -> sq (pid_mx r : 'M[R]_(m, n)) = r%:R.
Proof.
move=> rm rn; rewrite sq_gram tr_pid_mx mul_pid_mx minnn (minn_idPr rm) tr_pid //.
Qed.

Section Features.
Variables (d : nat -> nat) (N : nat).
Implicit Types (W : forall l, 'M[R]_(d l.+1, d l)) (X : 'M[R]_(d 0%N, N)).

Lemma feature_0 W X m : X = 0 \/ (exists2 l, (l < m)%N & W l = 0) -> feature W X m = 0.
Proof.
elim: m => [[//|[]//]|m IH h] /=.
have [/eqP Wm|Wm] := boolP (W m == 0); first by rewrite Wm mul0mx relu0.
rewrite IH ?mulmx0 ?relu0 //; case: h => [|[l lm Wl]]; [by left|right; exists l => //].
by move: lm; rewrite ltnS leq_eqVlt => /orP [/eqP El|//]; move: Wm; rewrite -El Wl eqxx.
Qed.
Lemma feature_scaled W X a (w : nat -> R) l : 0 <= a -> (forall l, 0 <= w l) ->
  feature (fun l => w l *: W l) (a *: X) l = (a * \prod_(j < l) w j) *: feature W X l.
Proof.
move=> a0 w0; elim: l => [|l IH] /=; first by rewrite big_ord0 mulr1.
have h : 0 <= a * \prod_(j < l) w j by rewrite mulr_ge0 ?prodr_ge0.
rewrite IH -scalemxAl -scalemxAr scalerA (reluZ _ (mulr_ge0 (w0 l) h)).
by rewrite big_ord_recr /= mulrC mulrA.
Qed.
End Features.

(* the factors of weights with an output are not zero: F is their last feature, zero where the input or a factor is *)
Lemma factors_pos K L N (d : nat -> nat) (X : 'M[R]_(d 0%N, N)) (W : forall l, 'M[R]_(d l.+1, d l)) (V : 'M[R]_(K, d L.-1))
    (F : 'M[R]_(d L.-1, N)) : (X = 0 \/ (exists2 l, (l < L.-1)%N & W l = 0) -> F = 0) -> V *m F != 0 ->
  [/\ 0 < sq X, forall l, (l < L.-1)%N -> 0 < sq (W l) & 0 < sq V].
Proof.
move=> z n0; have pos m n (A : 'M[R]_(m, n)) : A != 0 -> 0 < sq A.
  by move=> An0; rewrite lt_def sq_ge0 andbT; apply: contra_neq An0 => /sq_eq0.
split=> [|l lL|]; apply: pos; apply: contra_neq n0 => E.
- by rewrite z ?mulmx0 //; left.
- by rewrite z ?mulmx0 //; right; exists l.
- by rewrite E mul0mx.
Qed.
Lemma output_pos K L N (d : nat -> nat) (X : 'M[R]_(d 0%N, N)) (W : forall l, 'M[R]_(d l.+1, d l)) (V : 'M[R]_(K, d L.-1)) :
  V *m feature W X L.-1 != 0 -> [/\ 0 < sq X, forall l, (l < L.-1)%N -> 0 < sq (W l) & 0 < sq V].
Proof. by apply: factors_pos; apply: feature_0. Qed.
Lemma unit_pos K L (d : nat -> nat) (X : 'M[R]_(d 0%N, K)) (W : forall l, 'M[R]_(d l.+1, d l)) V :
  (0 < K)%N -> unit_structure (L := L) X W V ->
  [/\ 0 < sq X, forall l, (l < L.-1)%N -> 0 < sq (W l) & 0 < sq V].
Proof. by move=> K0 u; apply: output_pos; rewrite u; case: K K0 X V u => // K *; rewrite oner_eq0. Qed.
End Tools.
